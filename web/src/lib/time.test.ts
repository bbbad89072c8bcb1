import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { axisDate, timeLabels } from "../charts/axis";
import { axisTimes } from "./alerts";
import {
  dayBounds,
  formatClock,
  formatExact,
  formatMoment,
  formatNs,
  fromInputTime,
  setZone,
  toInputTime,
  zoneMark,
} from "./time";

// The clocks of New York went from 2 h to 3 h on 2026-03-08.
const AT = Date.parse("2026-03-08T04:30:07Z");
const HOUR = 3_600_000;

beforeEach(() => vi.stubEnv("TZ", "America/New_York"));
afterEach(() => {
  setZone("local");
  vi.unstubAllEnvs();
});

describe("times in the local zone", () => {
  it("say its distance to UTC where they are exact, and nothing where they are short", () => {
    expect(formatExact(AT)).toBe("2026-03-07 23:30:07 UTC−5");
    expect(formatExact(AT + 12 * HOUR)).toBe("2026-03-08 12:30:07 UTC−4");
    expect(formatNs(`${AT}000001`)).toBe("2026-03-07 23:30:07.000000001 UTC−5");
    expect(formatMoment(AT, AT)).toBe("23:30");
    expect(zoneMark()).toBe("");
  });

  it("have a day of 23 hours where the clocks change", () => {
    const { startMs, endMs } = dayBounds(AT + HOUR);
    expect(endMs - startMs).toBe(23 * HOUR);
    expect(formatClock(startMs)).toBe("00:00:00");
  });
});

describe("times in UTC", () => {
  beforeEach(() => setZone("utc"));

  it("say so, the short ones too", () => {
    expect(formatExact(AT)).toBe("2026-03-08 04:30:07 UTC");
    expect(formatNs(`${AT}000001`)).toBe("2026-03-08 04:30:07.000000001 UTC");
    expect(formatMoment(AT, AT)).toBe("04:30 UTC");
    expect(formatMoment(AT, AT + 24 * HOUR)).toBe("2026-03-08 04:30 UTC");
  });

  it("have days of 24 hours that begin at midnight UTC", () => {
    expect(dayBounds(AT)).toEqual({
      startMs: Date.parse("2026-03-08T00:00:00Z"),
      endMs: Date.parse("2026-03-09T00:00:00Z"),
    });
  });

  it("are typed in UTC", () => {
    expect(toInputTime(AT)).toBe("2026-03-08T04:30:07");
    expect(fromInputTime("2026-03-08T04:30:07")).toBe(AT);
    expect(fromInputTime("2026-03-08T04:30")).toBe(AT - 7000);
    expect(fromInputTime("yesterday")).toBeNull();
  });
});

describe("the time axis of charts", () => {
  const splits = [AT - 7000, AT + 23 * HOUR - 7000].map((ms) => ms / 1000);

  it("is labelled in the zone, which the first label says if it is not the local one", () => {
    expect(timeLabels(splits, 3600)).toEqual(["23:30", "03-08"]);
    setZone("utc");
    expect(timeLabels(splits, 3600)).toEqual(["04:30 UTC", "03-09"]);
    expect(timeLabels(splits, 86_400)).toEqual(["03-08 UTC", "03-09"]);
  });

  it("begins its days and hours where the zone's clock does", () => {
    expect(axisDate(AT / 1000).getHours()).toBe(23);
    setZone("utc");
    expect(axisDate(AT / 1000).getHours()).toBe(4);
    expect(axisTimes({ startMs: AT, endMs: AT + 36 * HOUR }, 3)[0]).toBe(Date.parse("2026-03-08T12:00:00Z"));
  });
});
