import { expect, it } from "vitest";
import type { LogsMetric } from "../api/types";
import { metricGraph, metricSeries } from "./metric";

function answer(series: [Record<string, string>, (number | null)[]][]): LogsMetric {
  return {
    start: "2026-03-01T12:00:00Z",
    step_ms: 60_000,
    points: 3,
    series: series.map(([labels, values]) => ({ labels, values })),
    others: 4,
    warnings: [],
    stats: { bytes_processed: 0, lines_processed: 0, took_ms: 0 },
  };
}

it("orders series by their value at the end of the range, and those without one last", () => {
  const found = metricSeries(
    answer([
      [{ path: "/ended" }, [9, 9, null]],
      [{ path: "/low" }, [8, 0, 1]],
      [{ path: "/high" }, [null, 2, 4]],
      [{}, [null, null, null]],
    ]),
  );
  expect(found.map(({ name, last, min, max, mean }) => [name, last, min, max, mean])).toEqual([
    ["path=/high", 4, 2, 4, 3],
    ["path=/low", 1, 0, 8, 3],
    ["path=/ended", null, 9, 9, 9],
    ["value", null, null, null, null],
  ]);
});

it("gives levels their colours, and others those of a chart as far as they go", () => {
  const levels = metricSeries(answer([[{ level: "error" }, [1]], [{ level: "debug" }, [0]]])); // biome-ignore format: short
  expect(levels.map(({ token }) => token)).toEqual(["level-error", "level-trace"]);
  const many = metricSeries(
    answer(Array.from({ length: 7 }, (_, i) => [{ level: "error", host: `${i}` }, [9 - i]])),
  );
  expect(many.map(({ token }) => token)).toEqual([
    "series-1",
    "series-2",
    "series-3",
    "series-4",
    "series-5",
    "series-other",
    "series-other",
  ]);
  expect(metricGraph(answer([]), many, "count").lines[0]?.token).toBe("series-other"); // below the coloured ones
});

it("has gaps where no series has a value, which is not 0", () => {
  const one = answer([[{ a: "b" }, [0, null, 1]]]);
  expect(metricGraph(one, metricSeries(one), "count")).toMatchObject({
    startMs: Date.parse("2026-03-01T12:00:00Z"),
    stepMs: 60_000,
    points: 3,
    gaps: [[1, 1]],
    more: 4,
  });
});
