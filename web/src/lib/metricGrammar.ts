import {
  BinOpExpr,
  BytesOverTime,
  BytesRate,
  LogExpr,
  LogRangeExpr,
  MetricExpr,
  PipelineExpr,
  parser,
  RangeOp,
  Selector,
} from "@grafana/lezer-logql";
import { filterLogQL } from "../state/logql";
import type { View } from "../state/view";
import { windowFor } from "./functions";
import { formatDuration } from "./time";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** True for a text that Grafana's grammar reads as a metric query, also one with faults, which Loki then tells. */
export function isMetricText(text: string): boolean {
  const top = parser.parse(text).topNode.firstChild?.firstChild;
  return top?.type.id === MetricExpr && nodesOf(text, Selector).length > 0;
}

/** The metric query of a view: each of its stream selectors narrowed by the view's filters, Grafana's variables written out. */
export function metricQuery(view: View, spanMs: number): string {
  const query = withoutVariables(view.query, spanMs);
  const { matchers, stages } = filterLogQL(view);
  let narrowed = "";
  let done = 0;
  for (const { from, to } of nodesOf(query, Selector)) {
    const inner = query.slice(from + 1, to - 1).trim();
    if (query[to - 1] !== "}") continue; // Loki says so
    const own = inner === "" ? [] : [inner.replace(/,$/, "")];
    narrowed += `${query.slice(done, from)}{${[...own, ...matchers].join(", ")}}${stages}`;
    done = to;
  }
  return narrowed + query.slice(done);
}

/** The log query whose lines a metric query counts; of several the first. Empty if there is none. */
export function countedLines(query: string): string {
  const range = nodesOf(query, LogRangeExpr)[0] ?? nodesOf(query, LogExpr)[0];
  const parts = [range?.getChild(Selector), range?.getChild(PipelineExpr)];
  return parts.flatMap((part) => (part ? [query.slice(part.from, part.to)] : [])).join(" ");
}

/** What the values of a metric query are, as far as its functions tell. */
export function metricUnit(query: string): "bytes" | "count" {
  const functions = nodesOf(query, RangeOp);
  const inBytes = functions.every((one) => one.getChild(BytesRate) ?? one.getChild(BytesOverTime));
  return functions.length > 0 && inBytes && nodesOf(query, BinOpExpr).length === 0 ? "bytes" : "count";
}

const VARIABLES = ["$__auto", "$__interval", "$__rate_interval"] as const;

/** Of Grafana's variables the range itself, and windows that fit it. */
function withoutVariables(query: string, spanMs: number): string {
  const window = formatDuration(windowFor(spanMs));
  const range = `${Math.ceil(spanMs / 1000)}s`;
  return VARIABLES.reduce((text, name) => text.replaceAll(`[${name}]`, `[${window}]`), query).replaceAll(
    "[$__range]",
    `[${range}]`,
  );
}

function nodesOf(text: string, type: number): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  parser.parse(text).iterate({
    enter: ({ type: { id }, node }) => {
      if (id === type) found.push(node);
    },
  });
  return found;
}
