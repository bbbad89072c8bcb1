import { describe, expect, it } from "vitest";
import type { VolumeResponse } from "../api/types";
import {
  aroundMoment,
  chartByLevel,
  chartByService,
  countErrors,
  coverage,
  gaps,
  topServices,
} from "./volume";

const T0 = Date.parse("2025-06-30T12:00:00Z");

function volume(series: [Record<string, string>, [number, number][]][]): VolumeResponse {
  return {
    step_ms: 60_000,
    start: new Date(T0).toISOString(),
    end: new Date(T0 + 5 * 60_000).toISOString(),
    series: series.map(([labels, points]) => ({
      labels,
      points: points.map(([minute, count]): [number, number] => [T0 + minute * 60_000, count]),
      total: points.reduce((sum, [, count]) => sum + count, 0),
    })),
    partial: false,
    warnings: [],
  };
}

const sample = volume([
  [
    { service: "nginx", level: "info" },
    [
      [0, 10],
      [1, 12],
      [4, 3],
    ],
  ],
  [{ service: "backend", level: "error" }, [[1, 2]]],
  [{ service: "backend", level: "fatal" }, [[1, 1]]],
  [{ level: "odd" }, [[0, 1]]],
]);

describe("chartByLevel", () => {
  const chart = chartByLevel(sample);

  it("fills the buckets that the answer leaves out", () => {
    expect(chart.starts).toHaveLength(5);
    expect(chart.totals).toEqual([11, 15, 0, 0, 3]);
    expect(chart.total).toBe(29);
  });

  it("stacks the gravest at the bottom and keeps unknown levels", () => {
    expect(chart.series.map(({ label, total }) => [label, total])).toEqual([
      ["critical", 1],
      ["error", 2],
      ["info", 25],
      ["debug, other", 1],
    ]);
  });
});

describe("chartByService", () => {
  it("gives the named services a colour and gathers the rest", () => {
    const chart = chartByService(sample, ["backend", "nginx"]);
    expect(chart.series.map(({ label, token, total }) => [label, token, total])).toEqual([
      ["backend", "series-1", 3],
      ["nginx", "series-2", 25],
      ["other", "series-other", 1],
    ]);
  });

  it("picks at most five, the largest of each volume in turn", () => {
    const many = volume(
      Array.from({ length: 9 }, (_, index) => [{ service: `s${index}` }, [[0, 100 - index]]]),
    );
    const errors = volume([[{ service: "s8" }, [[0, 1]]]]);
    expect(topServices(errors, many)).toEqual(["s0", "s1", "s2", "s3", "s8"]);
    expect(topServices(undefined)).toEqual([]);
  });
});

describe("coverage", () => {
  it("finds the times without any line, but not in the future", () => {
    const covered = coverage(chartByLevel(sample), T0 + 10 * 60_000);
    expect(covered).toEqual([true, true, false, false, true]);
    expect(gaps(covered, 60_000)).toEqual([[2, 3]]);
    expect(gaps(coverage(chartByLevel(sample), T0 + 2.5 * 60_000), 60_000)).toEqual([]);
    expect(gaps(covered, 10_000)).toEqual([]);
    expect(gaps([], 60_000)).toEqual([]);
  });
});

describe("a range that cuts its first and last bucket", () => {
  const cut = chartByLevel({
    ...sample,
    start: new Date(T0 - 30_000).toISOString(),
    end: new Date(T0 + 5.5 * 60_000).toISOString(),
  });

  it("has buckets on the step all the same", () => {
    expect(cut.starts).toEqual([-1, 0, 1, 2, 3, 4, 5].map((minute) => T0 + minute * 60_000));
    expect(cut.totals).toEqual([0, 11, 15, 0, 0, 3, 0]);
  });

  it("does not take their emptiness for a lack of lines", () => {
    expect(coverage(cut, T0 + 60 * 60_000)).toEqual([true, true, true, false, false, true, true]);
  });
});

describe("countErrors", () => {
  it("counts error, critical and fatal", () => expect(countErrors(sample)).toBe(3));
});

describe("aroundMoment", () => {
  const chart = (totals: number[], endMs = T0 + totals.length * 60_000, startMs = T0) => ({
    stepMs: 60_000,
    startMs,
    starts: totals.map((_, index) => T0 + index * 60_000),
    endMs,
    series: [],
    totals,
    total: 0,
  });

  it("compares what came after with as long a time before, without the minute of the moment itself", () => {
    const got = aroundMoment(chart([90, 1, 2, 3, 50, 4, 5, 6]), T0 + 4.5 * 60_000);
    expect(got).toEqual({ before: 6, after: 15, spanMs: 180_000 });
  });

  it("says nothing where one side is too short, not over yet, or the moment is elsewhere", () => {
    expect(aroundMoment(chart([1, 2, 50, 4, 5, 6]), T0 + 2.5 * 60_000)).toBeNull();
    expect(aroundMoment(chart([1, 2, 3, 50, 4, 5, 6], T0 + 6.5 * 60_000), T0 + 3.5 * 60_000)).toBeNull();
    expect(aroundMoment(chart([1, 2, 3, 50, 4, 5, 6]), T0 - 60_000)).toBeNull();
    const cut = chart([1, 2, 3, 50, 4, 5, 6], T0 + 7 * 60_000, T0 + 1);
    expect(aroundMoment(cut, T0 + 3.5 * 60_000)).toBeNull();
  });
});
