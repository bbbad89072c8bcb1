import { describe, expect, it } from "vitest";
import { parseAnsi, stripAnsi } from "./ansi";
import { formatBytes, formatCount, formatRate, formatShort, plural } from "./format";
import { splitHits } from "./highlight";
import { compareLevels, shortLevel, toLevel } from "./levels";
import {
  ago,
  describeDuration,
  formatDuration,
  formatNs,
  fromInputTime,
  lastSpan,
  nsToMs,
  parseDuration,
  toInputTime,
} from "./time";

describe("time", () => {
  it.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["7d", 604_800_000],
    ["1w", 604_800_000],
    ["0m", null],
    ["-1h", null],
    ["1.5h", null],
    ["", null],
  ])("reads the duration %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    [900_000, "15m"],
    [5_400_000, "90m"],
    [86_400_000, "1d"],
    [1500, "2s"],
  ])("writes the duration of %d ms", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it("names spans for people", () => {
    expect(describeDuration(900_000)).toBe("15 min");
    expect(lastSpan(3_600_000)).toBe("hour");
    expect(lastSpan(7 * 86_400_000)).toBe("7 days");
    expect(lastSpan(21_600_000)).toBe("6 h");
  });

  it.each([
    [0, "just now"],
    [12_000, "12 s ago"],
    [180_000, "3 min ago"],
    [7_200_000, "2 h ago"],
    [5 * 86_400_000, "5 days ago"],
    [-60_000, "in 1 min"],
  ])("says how long ago %d ms is", (delta, text) => expect(ago(1e12 - delta, 1e12)).toBe(text));

  it("keeps every nanosecond", () => {
    expect(nsToMs("1751292187120345678")).toBe(1751292187120);
    expect(formatNs("1751292187120345678")).toContain(".120345678 ");
    expect(nsToMs("42")).toBe(0);
  });

  it("goes to and from an input in local time", () => {
    expect(fromInputTime(toInputTime(1751292187000))).toBe(1751292187000);
    expect(fromInputTime("")).toBeNull();
    expect(fromInputTime("yesterday")).toBeNull();
  });
});

describe("numbers", () => {
  it.each([
    [950, "950"],
    [1000, "1k"],
    [9120, "9.1k"],
    [9996, "10k"],
    [12_480, "12k"],
    [999_900, "1M"],
    [1_250_000, "1.3M"],
  ])("shortens %d", (count, text) => expect(formatShort(count)).toBe(text));

  it("groups, pluralises, and sizes", () => {
    expect(formatCount(12480)).toBe("12,480");
    expect(plural(1, "line")).toBe("1 line");
    expect(plural(0, "line")).toBe("0 lines");
    expect(formatBytes(512)).toBe("512 B");
    expect(formatBytes(1_900_000)).toBe("1.9 MB");
    expect(formatRate(0.01)).toBe("< 0.1/s");
    expect(formatRate(0)).toBe("0/s");
    expect(formatRate(41.4)).toBe("41/s");
  });
});

describe("levels", () => {
  it("knows the set and calls the rest unknown", () => {
    expect(toLevel("critical")).toBe("critical");
    expect(toLevel("NOTICE")).toBe("unknown");
    expect(toLevel(undefined)).toBe("unknown");
    expect(shortLevel("warn")).toBe("WRN");
    expect(["info", "odd", "fatal", "error"].sort(compareLevels)).toEqual(["fatal", "error", "info", "odd"]);
  });
});

describe("ansi", () => {
  it("splits by colour and forgets it at the reset", () => {
    expect(parseAnsi("a\u001b[31mb\u001b[1mc\u001b[0md")).toEqual([
      { text: "a", tone: null, bold: false, dim: false },
      { text: "b", tone: "error", bold: false, dim: false },
      { text: "c", tone: "error", bold: true, dim: false },
      { text: "d", tone: null, bold: false, dim: false },
    ]);
  });

  it("reads extended colours without taking their numbers for codes", () => {
    expect(parseAnsi("\u001b[38;5;31;1mx\u001b[48;2;1;31;33my")).toEqual([
      { text: "x", tone: null, bold: true, dim: false },
      { text: "y", tone: null, bold: true, dim: false },
    ]);
  });

  it("removes every other sequence, cut ones too", () => {
    expect(stripAnsi("\u001b]0;title\u0007a\u001b[2Kb\u001b[?25lc\u001b]8;;http://x\u001b\\d\u001b")).toBe(
      "abcd",
    );
    expect(stripAnsi("plain")).toBe("plain");
  });

  it("keeps markup as text", () => {
    expect(parseAnsi("\u001b[31m<img src=x>")[0]?.text).toBe("<img src=x>");
  });
});

describe("splitHits", () => {
  it("marks each hit in any case and keeps the whole text", () => {
    const parts = splitHits("Pool POOL (x) שלום", ["pool", "(x)", "שלום"]);
    expect(parts.filter(({ hit }) => hit).map(({ text }) => text)).toEqual(["Pool", "POOL", "(x)", "שלום"]);
    expect(parts.map(({ text }) => text).join("")).toBe("Pool POOL (x) שלום");
  });

  it("leaves text without a hit whole", () => {
    expect(splitHits("a.b", ["a+b", ""])).toEqual([{ text: "a.b", hit: false }]);
    expect(splitHits("", ["x"])).toEqual([{ text: "", hit: false }]);
  });
});
