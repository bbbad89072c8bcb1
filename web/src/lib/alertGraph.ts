import type { AlertDetail, AlertSeriesResponse } from "../api/types";
import { type GraphData, gaps, seriesName } from "./graph";

/** The drawing of an alert's expression, with its threshold and the time of the episode. */
export function alertGraph(
  answer: AlertSeriesResponse,
  { start, end, severity }: Pick<AlertDetail, "start" | "end" | "severity">,
): GraphData {
  const lines = answer.series.map(({ labels, values }, index) => ({
    label: seriesName(labels),
    token: `series-${index + 1}`,
    values,
  }));
  const points = answer.series[0]?.values.length ?? 0;
  const { threshold, op } = answer;
  return {
    startMs: Date.parse(answer.start),
    stepMs: answer.step_ms,
    points,
    unit: "count",
    lines,
    thresholds:
      threshold === null
        ? []
        : [
            {
              value: threshold,
              verdict: severity === "critical" ? "critical" : "warning",
              label: `${op} ${threshold}`,
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
