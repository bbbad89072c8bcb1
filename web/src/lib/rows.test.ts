import { describe, expect, it } from "vitest";
import type { Entry } from "../api/types";
import { buildRows, isBreak } from "./rows";

function at(time: string, id = time): Entry {
  return { id, ts: `${new Date(time).getTime()}000000`, line: "x", labels: {}, metadata: {} };
}

const shape = (entries: Entry[]) =>
  buildRows(entries).map((row) => ("label" in row ? `${row.kind}: ${row.label}` : "line"));

describe("buildRows", () => {
  it("names each day once", () => {
    expect(shape([at("2025-06-30T00:00:01"), at("2025-06-30T00:00:00"), at("2025-06-29T23:59:59")])).toEqual([
      "day: 2025-06-30",
      "line",
      "line",
      "day: 2025-06-29",
      "line",
    ]);
  });

  it("names long pauses in either order", () => {
    const late = at("2025-06-30T12:14:00");
    const early = at("2025-06-30T12:00:00");
    expect(shape([late, early])).toEqual(["day: 2025-06-30", "line", "gap: 14 min without lines", "line"]);
    expect(shape([early, late])).toEqual(["day: 2025-06-30", "line", "gap: 14 min without lines", "line"]);
    expect(shape([at("2025-06-30T12:09:00"), early])).toEqual(["day: 2025-06-30", "line", "line"]);
  });

  it("tells a pause from the last line of a second, and looks again with each second", () => {
    const last = { ...at("2025-06-30T12:00:00", "last"), ts: at("2025-06-30T12:00:00.900").ts };
    expect(shape([at("2025-06-30T12:00:00.100"), last, at("2025-06-30T12:10:00.500")])).toEqual([
      "day: 2025-06-30",
      "line",
      "line",
      "line",
    ]);
    expect(shape([at("2025-06-30T12:00:00.900"), at("2025-06-30T12:10:00.900")])).toContain(
      "gap: 10 min without lines",
    );
  });

  it("shows equal lines of one moment as many times as they are", () => {
    const entries = Array.from({ length: 30 }, (_, index) => at("2025-06-30T12:00:00", `id${index}`));
    const rows = buildRows(entries);
    expect(rows.filter((row) => !isBreak(row))).toHaveLength(30);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(31);
  });

  it("has nothing to say about no lines", () => {
    expect(buildRows([])).toEqual([]);
  });
});
