import type { HealthGraph, HealthSeriesResponse } from "../api/types";
import type { Unit } from "./units";

/** One line of a graph; a value that was not measured is null. */
export interface GraphLine {
  label: string;
  token: string;
  values: readonly (number | null)[];
}

/** A moment to mark, as a deploy with its version. */
export interface Tick {
  ms: number;
  label: string;
}

export interface Threshold {
  value: number;
  verdict: "warning" | "critical";
  label: string;
}

/** What a graph draws. */
export interface GraphData {
  startMs: number;
  stepMs: number;
  points: number;
  unit: Unit;
  lines: readonly GraphLine[];
  thresholds: readonly Threshold[];
  /** Runs of steps without any value, as [first, last]. */
  gaps: readonly (readonly [number, number])[];
  /** Times in which an alert fired, in unix milliseconds. */
  bands: readonly (readonly [number, number])[];
  /** Moments to mark. */
  ticks: readonly Tick[];
  /** Lines that are left out. */
  more: number;
  /** Why there is no line; empty if there is one. */
  reason: string;
}

/** What else happened in the time of a graph. */
export type Marks = Pick<GraphData, "bands" | "ticks">;

export const NO_MARKS: Marks = { bands: [], ticks: [] };

const MOST_LINES = 5;

/** The drawing of a graph as the API gives it. */
export function graphData(
  answer: HealthSeriesResponse,
  graph: HealthGraph,
  marks: Marks = NO_MARKS,
): GraphData {
  const all = graph.signals.flatMap((signal) =>
    signal.lines.map((line) => ({ label: lineLabel(graph, signal.name, line.name), values: line.values })),
  );
  const lines = all.slice(0, MOST_LINES).map((line, index) => ({ ...line, token: `series-${index + 1}` }));
  const left = graph.signals.reduce((sum, { more }) => sum + more, 0);
  return {
    startMs: Date.parse(answer.start),
    stepMs: answer.step_ms,
    points: answer.points,
    unit: graph.unit,
    lines,
    thresholds: thresholds(graph),
    gaps: gaps(lines, answer.points),
    ...marks,
    more: left + all.length - lines.length,
    reason: lines.length === 0 ? (graph.signals.find(({ reason }) => reason)?.reason ?? "") : "",
  };
}

function lineLabel({ signals }: HealthGraph, signal: string, line: string): string {
  if (line === "") return signal;
  return signals.length > 1 ? `${signal} ${line}` : line;
}

/** The thresholds of a graph, each value once; with several signals that have some, they say whose they are. */
function thresholds({ signals }: HealthGraph): Threshold[] {
  const owners = signals.filter(({ warning, critical }) => warning !== undefined || critical !== undefined);
  const found = new Map<string, Threshold>();
  for (const { name, warning, critical } of owners) {
    for (const [value, verdict] of [
      [warning, "warning"],
      [critical, "critical"],
    ] as const) {
      if (value === undefined || found.has(`${value} ${verdict}`)) continue;
      const shared = owners.every((other) => other[verdict] === value);
      found.set(`${value} ${verdict}`, { value, verdict, label: shared ? verdict : `${name}: ${verdict}` });
    }
  }
  return [...found.values()];
}

/** Runs of steps in which no line has a value. */
export function gaps(lines: readonly GraphLine[], points: number): [number, number][] {
  const runs: [number, number][] = [];
  if (lines.length === 0) return runs;
  for (let index = 0; index < points; index++) {
    if (lines.some(({ values }) => values[index] !== null && values[index] !== undefined)) continue;
    const last = runs.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs;
}

/** The highest value of the axis: room for the lines, and for thresholds that are not far above them. */
export function axisTop({ lines, thresholds: limits }: Pick<GraphData, "lines" | "thresholds">): number {
  const most = Math.max(0, ...lines.flatMap(({ values }) => values.filter((value) => value !== null)));
  const near = limits.map(({ value }) => value).filter((value) => value <= most * 3);
  return Math.max(most, ...near) * 1.1 || Math.min(1, ...limits.map(({ value }) => value));
}

/** A series by its labels; "value" without any. */
export function seriesName(labels: Readonly<Record<string, string>>): string {
  const names = Object.entries(labels).filter(([name]) => name !== "__name__");
  return names.map(([name, value]) => `${name}=${value}`).join(" ") || labels.__name__ || "value";
}
