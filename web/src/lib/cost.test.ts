import { describe, expect, it } from "vitest";
import { narrowerSpan } from "./cost";

const HOUR = 3_600_000;

describe("the shorter span that is offered", () => {
  it.each([
    [30 * 24, 8e9, 7 * 24],
    [7 * 24, 8e9, 3 * 24],
    [24, 8e9, 6],
    [24, 80e9, 3],
    [4, 5e9, 3],
  ])("for %d hours of %d bytes is %d hours", (hours, bytes, want) => {
    expect(narrowerSpan(hours * HOUR, { bytes, limit_bytes: 4e9 }) / HOUR).toBe(want);
  });
});
