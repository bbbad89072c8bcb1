import { AGGREGATIONS } from "../../../lib/functions";
import { scan, type Token } from "./place";

/**
 * The place of a cursor in a query that may be a metric query: in the log query that begins at `start`, or around one;
 * `from` is where the text begins that an option replaces.
 */
export type Outer =
  | { kind: "log"; start: number }
  | { kind: "function" | "grouping" | "groupLabel" | "duration"; from: number };

const GROUPING: readonly string[] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/** What is open: a stream selector, a window, labels to group by, the parentheses of a pipeline, or others. */
type Open = "selector" | "window" | "labels" | "condition" | "call";

/** The place at the end of `before`, the text of a query up to the cursor; null where nothing is offered. */
export function outerPlace(before: string): Outer | null {
  const { tokens, inComment } = scan(before);
  const { open, start, inLog } = openParts(tokens);
  const top = open.at(-1);
  if (inLog && top !== "window") return { kind: "log", start };
  const last = tokens.at(-1);
  if (inComment || last?.kind === "open") return null;
  const touching = last?.end === before.length ? last : undefined;
  if (top === "window") {
    const opening = tokens.findLast(({ text }) => text === "[");
    return { kind: "duration", from: opening?.end ?? before.length };
  }
  const word = touching?.kind === "name" ? touching : undefined;
  const from = word?.start ?? before.length;
  if (top === "labels") return { kind: "groupLabel", from };
  const previous = word ? tokens.at(-2) : last;
  if (isAggregation(previous) || previous?.text === ")") return { kind: "grouping", from };
  return previous === undefined || (previous.kind === "sign" && previous.text !== "]")
    ? { kind: "function", from }
    : null;
}

/** What is open at the end of the tokens, where the last log query begins, and whether it goes on. */
function openParts(tokens: readonly Token[]): { open: Open[]; start: number; inLog: boolean } {
  const open: Open[] = [];
  let start = 0;
  let inLog = false;
  tokens.forEach(({ text, start: at }, index) => {
    if (text === "{" && open.at(-1) !== "selector") {
      open.push("selector");
      start = at;
      inLog = true;
    } else if (text === "[") {
      open.push("window");
    } else if (text === "(") {
      const before = tokens[index - 1]?.text ?? "";
      open.push(inLog ? "condition" : GROUPING.includes(before) ? "labels" : "call");
    } else if (text === "}" || text === "]" || text === ")") {
      const closed = open.pop();
      if (closed === "window" || closed === "call") inLog = false;
    }
  });
  return { open, start, inLog };
}

function isAggregation(token: Token | undefined): boolean {
  return AGGREGATIONS.some(({ name }) => name === token?.text);
}
