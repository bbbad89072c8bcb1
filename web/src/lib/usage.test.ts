import { describe, expect, it } from "vitest";
import type { UsageAmount, UsageDay, UsageResponse, UsageService } from "../api/types";
import { setZone } from "./time";
import {
  amountText,
  axisTicks,
  bytesText,
  dayName,
  elapsedDays,
  growthText,
  labelledDays,
  lineSize,
  moverWords,
  shareText,
  usageSeries,
  usageWords,
} from "./usage";

const DAY_MS = 86_400_000;
const START = Date.parse("2026-11-20T00:00:00");

function day(index: number, state: UsageDay["state"], bytes = 0): UsageDay {
  const start = new Date(START + index * DAY_MS).toISOString();
  const end = new Date(START + (index + 1) * DAY_MS).toISOString();
  return { start, end, state, bytes, lines: bytes / 100 };
}

function service(name: string, daily: number[], before: number | null): UsageService {
  const amounts = daily.map((bytes): UsageAmount => ({ bytes, lines: bytes / 100 }));
  const bytes = daily.reduce((sum, one) => sum + one, 0);
  return {
    service: name,
    bytes,
    lines: bytes / 100,
    before: before === null ? null : { bytes: before, lines: before / 100 },
    daily: amounts,
    levels: [],
  };
}

function usage(change: Partial<UsageResponse> = {}): UsageResponse {
  return {
    days: [day(0, "full"), day(1, "full"), day(2, "so_far")],
    services: [service("backend", [1e9, 1e9, 2e9], 2.8e9), service("nginx", [0, 0, 1e8], 1e8)],
    total: { bytes: 4.1e9, lines: 4.1e7 },
    before: { bytes: 2.9e9, lines: 2.9e7 },
    jumps: [{ day: 2, service: "backend", bytes: 2e9, usual: 1e9 }],
    first_line: "2026-11-01T00:00:00",
    counted_at: new Date(START + 2.5 * DAY_MS).toISOString(),
    problem: "",
    ...change,
  };
}

describe("what is said first", () => {
  it("is how much, in which time, and how that compares", () => {
    expect(usageWords(usage(), "bytes")).toBe("4.1 GB in 3 days, +41 % on the 3 days before");
    expect(usageWords(usage(), "lines")).toBe("41M lines in 3 days, +41 % on the 3 days before");
    expect(usageWords(usage({ before: { bytes: 4.1e9, lines: 1 } }), "bytes")).toBe(
      "4.1 GB in 3 days, as much as in the 3 days before",
    );
    expect(usageWords(usage({ before: { bytes: 1e9, lines: 1 } }), "bytes")).toBe(
      "4.1 GB in 3 days, 4.1× as much as in the 3 days before",
    );
    expect(usageWords(usage({ before: { bytes: 0, lines: 0 } }), "bytes")).toBe(
      "4.1 GB in 3 days, none in the 3 days before",
    );
  });

  it("counts from the first line, and compares with nothing that is not known", () => {
    const young = usage({
      before: null,
      days: [day(0, "no_data"), day(1, "full"), day(2, "so_far")],
      first_line: "2026-11-21T09:00:00",
    });
    expect(usageWords(young, "bytes")).toBe("4.1 GB since Sat 21 Nov");
    expect(moverWords(young, "bytes")).toContain("when the 3 days before are known");
  });

  it("names who grew most and since when, and nobody for little", () => {
    expect(moverWords(usage(), "bytes")).toBe("backend grew by 1.2 GB, with a jump on Sun 22 Nov.");
    const less = usage({ services: [service("backend", [1e9, 0, 0], 2e9)], jumps: [] });
    expect(moverWords(less, "bytes")).toBe("backend shrank by 1 GB.");
    expect(moverWords(usage({ services: [service("backend", [1e9], 1.01e9)] }), "bytes")).toBe("");
  });
});

describe("figures", () => {
  it("tells growth", () => {
    expect(
      [
        [138, 100],
        [96, 100],
        [100, 100],
        [1000, 100],
        [5, 0],
        [0, 0],
        [5, undefined],
      ].map(([now, before]) => growthText(now ?? 0, before)),
    ).toEqual(["+38 %", "−4 %", "±0 %", "10×", "new", "", ""]);
  });

  it("tells less than Loki's rounding from nothing", () => {
    expect(bytesText({ bytes: 0, lines: 3 })).toBe("< 1 kB");
    expect(bytesText({ bytes: 0, lines: 0 })).toBe("0 B");
    expect(lineSize({ bytes: 0, lines: 3 })).toBe("—");
    expect(lineSize({ bytes: 1000, lines: 3 })).toBe("333 B");
    expect([shareText(0, 0), shareText(0, 5), shareText(1, 1000), shareText(1, 3)]).toEqual([
      "—",
      "0 %",
      "< 1 %",
      "33 %",
    ]);
    expect(amountText(1, "lines")).toBe("1 line");
  });

  it("has round values on the axis, that reach over the highest day", () => {
    expect(axisTicks(6.4e6)).toEqual([0, 2e6, 4e6, 6e6, 8e6]);
    expect(axisTicks(3)).toEqual([0, 1, 2, 3]);
    expect(axisTicks(0)).toEqual([0, 1]);
    for (const max of [1, 7, 99, 101, 12_345, 9.99e11]) {
      const ticks = axisTicks(max);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
      expect(ticks.length).toBeLessThanOrEqual(6);
    }
  });

  it("names today under the axis, and others at equal distances", () => {
    expect(labelledDays(7, 10)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(labelledDays(30, 4)).toEqual([5, 13, 21, 29]);
    expect(labelledDays(90, 10)).toHaveLength(10);
  });

  it("counts a day that is not over by what has passed of it, and none without data", () => {
    const days = [day(0, "no_data"), day(1, "full"), day(2, "so_far")];
    expect(elapsedDays(days, START + 2.5 * DAY_MS)).toBeCloseTo(1.5);
  });
});

it("names days of the page's zone", () => {
  setZone("utc");
  expect(dayName("2026-11-24T23:30:00Z")).toBe("Tue 24 Nov");
  setZone("local");
});

it("draws five services in a fixed order, and the rest as one", () => {
  const services = ["z", "b", "c", "d", "e", "f", "g"].map((name, index) =>
    service(name, [100 - index, 0, 0], null),
  );
  const series = usageSeries(usage({ services }), "bytes");
  expect(series.map(({ label }) => label)).toEqual(["b", "c", "d", "e", "z", "other"]);
  expect(series.at(-1)?.services).toEqual(["f", "g"]);
  expect(series.at(-1)?.values).toEqual([95 + 94, 0, 0]);
});
