import type { AlertDetail, AlertSeriesResponse } from "../api/types";
import { type GraphData, gaps, seriesName } from "./graph";
import { formatUnit } from "./units";

/** The drawing of an alert's expression, with its threshold and the time of the episode. */
export function alertGraph(
  answer: AlertSeriesResponse,
  { start, end, severity }: Pick<AlertDetail, "start" | "end" | "severity">,
): GraphData {
  const lines = answer.series.map(({ labels, values }, index) => ({
    label: seriesName(labels),
    token: `series-${index + 1}`,
    values: answer.ratio ? values.map((value) => value && value * 100) : values,
  }));
  const points = answer.series[0]?.values.length ?? 0;
  const { threshold } = answer;
  return {
    startMs: Date.parse(answer.start),
    stepMs: answer.step_ms,
    points,
    unit: answer.ratio ? "percent" : "count",
    lines,
    thresholds:
      threshold === null
        ? []
        : [
            {
              value: answer.ratio ? threshold * 100 : threshold,
              verdict: severity === "critical" ? "critical" : "warning",
              label: limit(answer, threshold),
            },
          ],
    gaps: gaps(lines, points),
    bands: [[Date.parse(start), Date.parse(end ?? answer.end)]],
    ticks: [],
    more: answer.others,
    reason: lines.length === 0 ? noLines(answer) : "",
  };
}

function noLines({ expr, language }: AlertSeriesResponse): string {
  if (expr === "") return "the alert has no link to its rule, or the rule is gone.";
  return `${language === "logql" ? "Loki" : "Prometheus"} has no values in these minutes.`;
}

/** When the alert fires, as far as its expression says it by a comparison with a number. */
export function firesWhile(answer: AlertSeriesResponse): string {
  if (answer.expr === "") return "";
  if (answer.threshold === null) return "drawn whole: the expression is no comparison with a number";
  const more = answer.conditioned ? ", if the other conditions of the expression hold, too" : "";
  return `fires while ${limit(answer, answer.threshold)}${more}`;
}

function limit({ op, ratio }: AlertSeriesResponse, threshold: number): string {
  return `${op} ${ratio ? formatUnit(threshold * 100, "percent") : threshold}`;
}
