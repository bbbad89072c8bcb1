import { afterEach, beforeEach, expect, it } from "vitest";
import { setZone } from "./time";
import { typedRange } from "./typedRange";

const NOW = Date.UTC(2026, 2, 1, 12);
const MINUTE = 60_000;

beforeEach(() => setZone("utc"));
afterEach(() => setZone("local"));

it("reads spans that end now", () => {
  for (const [text, minutes] of [
    ["30m", 30],
    [" 3h ", 180],
    ["now-90m", 90],
    ["now - 90 min", 90],
    ["last 30 min", 30],
    ["Last 2 days", 2880],
    ["last hour", 60],
    ["past week", 10_080],
    ["-15m", 15],
    ["1.5h", 90],
    ["90s", 1.5],
  ] as const)
    expect([text, typedRange(text, NOW)]).toEqual([text, { kind: "relative", spanMs: minutes * MINUTE }]);
});

it("reads a time of day as ten minutes around it, of yesterday if it is still to come", () => {
  const around = (ms: number) => ({ kind: "absolute", startMs: ms - 5 * MINUTE, endMs: ms + 5 * MINUTE });
  expect(typedRange("11:08", NOW)).toEqual(around(Date.UTC(2026, 2, 1, 11, 8)));
  expect(typedRange("9:05:30", NOW)).toEqual(around(Date.UTC(2026, 2, 1, 9, 5, 30)));
  expect(typedRange("12:01", NOW)).toEqual(around(Date.UTC(2026, 1, 28, 12, 1)));
  expect(typedRange("2026-02-03 11:08", NOW)).toEqual(around(Date.UTC(2026, 1, 3, 11, 8)));
});

it("takes no other text for a range", () => {
  for (const text of [
    "",
    "30",
    "m",
    "last",
    "timeout",
    "25:00",
    "11:75",
    "0m",
    "3hx",
    "2026-13-01 11:08",
    "1:2",
  ])
    expect([text, typedRange(text, NOW)]).toEqual([text, null]);
});
