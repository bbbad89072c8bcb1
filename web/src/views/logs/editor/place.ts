/** What can be written at a place in a query; `from` is where the text begins that an option replaces. */
export type Place = { from: number; inSelector: boolean } & Kind;
type Kind =
  | { kind: "label" | "operator" | "stage" | "pipeline" }
  | { kind: "value"; label: string; operator: string; quote: "" | '"' | "`" };

export interface Token {
  kind: "name" | "string" | "open" | "sign";
  text: string;
  start: number;
  end: number;
}

const COMPARISONS: readonly string[] = ["=", "!=", "=~", "!~", "==", ">", ">=", "<", "<="];
const LINE_FILTERS: readonly string[] = ["|=", "|~", "|>", "!=", "!~", "!>"];
const STAGES: readonly string[] = [
  "json",
  "logfmt",
  "pattern",
  "regexp",
  "unpack",
  "line_format",
  "label_format",
  "decolorize",
  "drop",
  "keep",
];
/** Stages that go on with names of labels. */
const LABEL_STAGES: readonly string[] = ["drop", "keep", "label_format"];

/**
 * The place at the end of `before`, the text of a query up to the cursor. Null
 * where nothing but free text fits: in a line filter, a comment, a number. It
 * goes by tokens and not by a syntax tree, because a query that is being
 * written is mostly no query yet.
 */
export function placeAt(before: string): Place | null {
  const text = clauseAt(before);
  const place = placeIn(text, before.length);
  return place && { ...place, inSelector: text.inSelector };
}

function placeIn(text: Clause, end: number): (Kind & { from: number }) | null {
  const { clause, head, inSelector, last, inComment } = text;
  if (!head || inComment) return null;
  const touching = last?.end === end ? last : undefined;
  if (touching?.kind === "open") return valueIn(touching, clause);
  if (touching?.text === "!") return { kind: inSelector ? "operator" : "pipeline", from: touching.start };
  if (touching?.text === "|" && !inSelector) return { kind: "pipeline", from: touching.start };

  const word = touching?.kind === "name" ? touching : undefined;
  const done = word ? clause.slice(0, -1) : clause;
  const from = word?.start ?? end;
  const [name, operator] = done;
  if (!inSelector && (head.text === "}" || LINE_FILTERS.includes(head.text))) {
    return done.length === 0 && head.text !== "}" ? null : { kind: "pipeline", from };
  }
  if (!name) return { kind: head.text === "|" ? "stage" : "label", from };
  if (name.kind !== "name") return null;
  if (!operator) return afterName(name.text, head.text, from);
  if (done.length === 2 && COMPARISONS.includes(operator.text)) {
    return { kind: "value", from, label: name.text, operator: operator.text, quote: "" };
  }
  return inSelector ? null : { kind: "pipeline", from };
}

function afterName(name: string, head: string, from: number): Kind & { from: number } {
  if (head !== "|" || !STAGES.includes(name)) return { kind: "operator", from };
  return { kind: LABEL_STAGES.includes(name) ? "label" : "pipeline", from };
}

/** The place in a string that is not ended: a value, when a name and a comparison are before it. */
function valueIn(open: Token, clause: readonly Token[]): (Kind & { from: number }) | null {
  const [name, operator] = clause;
  if (clause.length !== 3 || name?.kind !== "name" || !operator || !COMPARISONS.includes(operator.text)) {
    return null;
  }
  const inner = open.text.slice(1);
  // A pattern is offered one alternative at a time.
  const skip = operator.text.endsWith("~") ? inner.lastIndexOf("|") + 1 : 0;
  const quote = open.text.startsWith("`") ? "`" : '"';
  return { kind: "value", from: open.start + 1 + skip, label: name.text, operator: operator.text, quote };
}

interface Clause {
  head: Token | undefined;
  clause: Token[];
  inSelector: boolean;
  last: Token | undefined;
  inComment: boolean;
}

/** The last clause of a text: the token that begins it, and those after. */
function clauseAt(text: string): Clause {
  let head: Token | undefined;
  let clause: Token[] = [];
  let inSelector = false;
  const { tokens, inComment } = scan(text);
  for (const token of tokens) {
    if (token.text === "{") inSelector = true;
    if (token.text === "}") inSelector = false;
    if (beginsClause(token, clause, inSelector, text.length)) {
      head = token;
      clause = [];
    } else {
      clause.push(token);
    }
  }
  return { head, clause, inSelector, last: tokens.at(-1), inComment };
}

function beginsClause(token: Token, clause: readonly Token[], inSelector: boolean, end: number): boolean {
  if (token.kind === "name") return !inSelector && /^(and|or)$/i.test(token.text) && token.end < end;
  if (token.kind !== "sign") return false;
  if (["{", "}", ",", "("].includes(token.text)) return true;
  if (inSelector) return false;
  const [name] = clause;
  const compares = clause.length === 1 && name?.kind === "name" && !STAGES.includes(name.text);
  return token.text === "|" || (LINE_FILTERS.includes(token.text) && !compares);
}

const TOKEN =
  /(?<space>\s+)|(?<comment>#[^\n]*)|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<open>"(?:[^"\\\n]|\\.)*\\?|`[^`]*)|(?<name>[A-Za-z_][\w.]*)|(?<sign>\|[=~>]|![=~>]|=[=~]|[<>]=|[\s\S])/gy;

/** The tokens of a text, and whether it ends within a comment. */
export function scan(text: string): { tokens: Token[]; inComment: boolean } {
  const tokens: Token[] = [];
  let inComment = false;
  for (const match of text.matchAll(TOKEN)) {
    const { space, comment, string, open, name } = match.groups ?? {};
    const end = match.index + match[0].length;
    inComment = comment !== undefined && end === text.length;
    if (space !== undefined || comment !== undefined) continue;
    const kind =
      string !== undefined ? "string" : open !== undefined ? "open" : name !== undefined ? "name" : "sign";
    tokens.push({ kind, text: match[0], start: match.index, end });
  }
  return { tokens, inComment };
}
