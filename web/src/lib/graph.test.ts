import { describe, expect, it } from "vitest";
import type { HealthGraph, HealthSeriesResponse } from "../api/types";
import { axisTop, graphData } from "./graph";
import { formatUnit } from "./units";

const SIGNAL = { lower_is_worse: false, lines: [], more: 0, reason: "" };

function answer(graph: HealthGraph): HealthSeriesResponse {
  const times = { start: "2026-03-01T12:00:00Z", step_ms: 60_000, points: 5 };
  return { component: "host", ...times, graphs: [graph], partial: false };
}

function data(...signals: HealthGraph["signals"]) {
  const graph: HealthGraph = { name: "G", unit: "percent", signals };
  return graphData(answer(graph), graph);
}

describe("graphData", () => {
  it("names lines by their signal, their own name, or both where it takes both", () => {
    const one = { name: "", values: [1] };
    const named = { name: "/var", values: [1] };
    expect(data({ ...SIGNAL, id: "a", name: "CPU", lines: [one] }).lines[0]?.label).toBe("CPU");
    expect(data({ ...SIGNAL, id: "a", name: "Disk", lines: [named] }).lines[0]?.label).toBe("/var");
    const two = data(
      { ...SIGNAL, id: "a", name: "Disk", lines: [named] },
      { ...SIGNAL, id: "b", name: "CPU", lines: [one] },
    );
    expect(two.lines.map(({ label, token }) => [label, token])).toEqual([
      ["Disk /var", "series-1"],
      ["CPU", "series-2"],
    ]);
  });

  it("draws five lines at most and counts the others", () => {
    const lines = Array.from({ length: 5 }, (_, index) => ({ name: `d${index}`, values: [1] }));
    const got = data(
      { ...SIGNAL, id: "a", name: "A", lines, more: 3 },
      { ...SIGNAL, id: "b", name: "B", lines },
    );
    expect([got.lines.length, got.more]).toEqual([5, 8]);
  });

  it("finds the runs in which nothing was measured", () => {
    const got = data({
      ...SIGNAL,
      id: "a",
      name: "A",
      lines: [
        { name: "x", values: [null, 0, null, null, null] },
        { name: "y", values: [null, null, null, 3, null] },
      ],
    });
    expect(got.gaps).toEqual([
      [0, 0],
      [2, 2],
      [4, 4],
    ]);
  });

  it("says why there is nothing", () => {
    const got = data({ ...SIGNAL, id: "a", name: "A", reason: "no target" });
    expect([got.lines, got.gaps, got.reason]).toEqual([[], [], "no target"]);
  });

  it("says whose a threshold is only where signals differ", () => {
    const got = data(
      { ...SIGNAL, id: "a", name: "Pool", warning: 90 },
      { ...SIGNAL, id: "b", name: "Clients", warning: 80, critical: 95 },
      { ...SIGNAL, id: "c", name: "Other" },
    );
    expect(got.thresholds.map(({ label, value }) => `${label} ${value}`)).toEqual([
      "Pool: warning 90",
      "Clients: warning 80",
      "Clients: critical 95",
    ]);
    const same = data(
      { ...SIGNAL, id: "a", name: "CPU", warning: 90 },
      { ...SIGNAL, id: "b", name: "Memory", warning: 90 },
    );
    expect(same.thresholds.map(({ label }) => label)).toEqual(["warning"]);
  });
});

describe("axisTop", () => {
  const line = (...values: (number | null)[]) => [{ label: "", token: "", values }];
  const limit = (value: number) => ({ value, verdict: "warning" as const, label: "" });

  it("makes room for near thresholds and leaves out those far above", () => {
    expect(axisTop({ lines: line(50, null), thresholds: [limit(90)] })).toBeCloseTo(99);
    expect(axisTop({ lines: line(2), thresholds: [limit(90)] })).toBeCloseTo(2.2);
    expect(axisTop({ lines: line(0, 0), thresholds: [limit(5)] })).toBe(1);
    expect(axisTop({ lines: line(null), thresholds: [limit(0.05)] })).toBe(0.05);
  });
});

describe("formatUnit", () => {
  it("writes values as the server does", () => {
    expect(formatUnit(71.4, "percent")).toBe("71 %");
    expect(formatUnit(0.6, "percent")).toBe("0.6 %");
    expect(formatUnit(0.18, "seconds")).toBe("180 ms");
    expect(formatUnit(4.2, "seconds")).toBe("4.2 s");
    expect(formatUnit(9, "days")).toBe("9 d");
    expect(formatUnit(1.5 * 2 ** 30, "bytes")).toBe("1.5 GiB");
    expect(formatUnit(12, "per_second")).toBe("12 /s");
    expect(formatUnit(0, "count")).toBe("0");
    expect(formatUnit(0.1312, "ratio")).toBe("0.13");
    expect(formatUnit(1, "state")).toBe("up");
  });
});
