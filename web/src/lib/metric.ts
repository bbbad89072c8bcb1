import type { LogsMetric } from "../api/types";
import { type GraphData, gaps, seriesName } from "./graph";
import type { Unit } from "./units";
import { levelToken } from "./volume";

/** One series of a metric query, with what its values come to; null where there is none. */
export interface MetricSeries {
  name: string;
  token: string;
  values: readonly (number | null)[];
  /** At the end of the range. */
  last: number | null;
  min: number | null;
  max: number | null;
  mean: number | null;
}

const COLOURS = 5;
/** The colour of lines that have none of their own. */
export const OTHER = "series-other";

/** The series of an answer, those with the highest last value first. */
export function metricSeries({ series }: LogsMetric): MetricSeries[] {
  const byLevel = series.every(({ labels }) => levelToken(labels.level) && Object.keys(labels).length === 1);
  const found = series.map(({ labels, values }, index): MetricSeries => {
    const known = values.filter((value) => value !== null);
    const colour = index < COLOURS ? `series-${index + 1}` : OTHER;
    return {
      name: seriesName(labels),
      token: (byLevel && levelToken(labels.level)) || colour,
      values,
      last: values.at(-1) ?? null,
      min: known.length > 0 ? Math.min(...known) : null,
      max: known.length > 0 ? Math.max(...known) : null,
      mean: known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null,
    };
  });
  const order = (value: number | null) => value ?? Number.NEGATIVE_INFINITY;
  return found.sort((a, b) => order(b.last) - order(a.last) || order(b.max) - order(a.max));
}

/** The drawing of series: those with colours over the others. */
export function metricGraph(answer: LogsMetric, series: readonly MetricSeries[], unit: Unit): GraphData {
  const lines = series.map(({ name, token, values }) => ({ label: name, token, values }));
  return {
    startMs: Date.parse(answer.start),
    stepMs: answer.step_ms,
    points: answer.points,
    unit,
    lines: [...lines.filter(({ token }) => token === OTHER), ...lines.filter(({ token }) => token !== OTHER)],
    thresholds: [],
    gaps: gaps(lines, answer.points),
    bands: [],
    ticks: [],
    more: answer.others,
    reason: "",
  };
}
