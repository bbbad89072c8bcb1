import { describe, expect, it } from "vitest";
import type { AlertsResponse, FiringAlert, Silence } from "../api/types";
import { parseView } from "../state/view";
import {
  alertBands,
  alertsVerdict,
  axisTimes,
  countLoud,
  episodeView,
  episodeWords,
  lasted,
  matcherWords,
  place,
} from "./alerts";

const ALERT: FiringAlert = {
  id: 1,
  name: "BackendDown",
  severity: "critical",
  service: "backend",
  env: "production",
  component: "backend_production",
  start: "2026-03-01T12:00:00Z",
  end: null,
  inferred: false,
  summary: "backend does not answer",
  silenced_by: [],
  inhibited_by: [],
  muted_by: [],
};

const NOON = Date.parse("2026-03-01T12:00:00Z");

function answer(...firing: FiringAlert[]): AlertsResponse {
  return {
    total: firing.length,
    firing,
    watchdog: { state: "ok", since: null },
    alertmanager: {
      configured: true,
      looked_at: null,
      failure: "",
      since: null,
      truncated: 0,
      skew_ms: 0,
    },
  };
}

describe("the verdict on alerts", () => {
  it("is the words of the one that fires", () => {
    expect(alertsVerdict(answer(ALERT))).toEqual({ verdict: "critical", words: "backend does not answer" });
    expect(alertsVerdict(answer({ ...ALERT, summary: "", severity: "warning" }))).toEqual({
      verdict: "warning",
      words: "BackendDown",
    });
  });

  it("counts several, also those that are not listed, but not the silenced", () => {
    const silenced = { ...ALERT, silenced_by: ["x"] };
    expect(alertsVerdict(answer(ALERT, ALERT, silenced)).words).toBe(
      "2 alerts fire. The gravest: backend does not answer",
    );
    expect(countLoud({ ...answer(ALERT, silenced), total: 2000 })).toBe(1999);
    expect(alertsVerdict(answer(silenced))).toEqual({
      verdict: "ok",
      words: "No alert fires that is not silenced",
    });
  });

  it("is not well while alerts may not get through", () => {
    const missing = { ...answer(), watchdog: { state: "missing" as const, since: null } };
    expect(alertsVerdict(answer()).verdict).toBe("ok");
    expect(alertsVerdict(missing).verdict).toBe("no_data");
    expect(alertsVerdict({ ...missing, ...answer(ALERT) }).verdict).toBe("critical");
  });
});

describe("an episode", () => {
  it("lasts until now or its end, never less than nothing", () => {
    expect(lasted(ALERT, NOON + 23 * 60_000)).toBe("23 min");
    expect(lasted(ALERT, NOON - 60_000)).toBe("0 s");
    expect(lasted({ ...ALERT, end: "2026-03-01T14:30:00Z" }, 0)).toBe("2 h");
  });

  it("says when nobody said that it ended", () => {
    const ended = { ...ALERT, end: "2026-03-01T12:10:00Z" };
    expect(episodeWords(ended, 0)).toMatch(/^Fired for 10 min, from .* to .*:10:00 UTC\S*\.$/);
    expect(episodeWords({ ...ended, inferred: true }, 0)).toContain("Nobody said that it ended");
    expect(episodeWords(ALERT, NOON + 1000)).toMatch(/^Fires for 1 s, since /);
  });

  it("leads to the lines of its time and place", () => {
    const view = episodeView(
      parseView("?service=nginx&q=x&tail=1"),
      { ...ALERT, end: "2026-03-01T12:10:00Z" },
      0,
    );
    expect(view.filters.service.include).toEqual(["backend"]);
    expect(view.filters.env.include).toEqual(["production"]);
    expect(view.q).toEqual([]);
    expect(view.tail).toBe(false);
    expect(view.range).toEqual({
      kind: "absolute",
      startMs: NOON - 600_000,
      endMs: NOON + 660_000,
    });
  });
});

describe("the axis of the timeline", () => {
  const axis = { startMs: NOON, endMs: NOON + 3_600_000 };

  it("places what is in it and cuts what is beyond", () => {
    expect(place(NOON + 900_000, NOON + 1_800_000, axis)).toEqual({ left: 25, width: 25 });
    expect(place(NOON - 900_000, NOON + 7_200_000, axis)).toEqual({ left: 0, width: 100 });
    expect(place(NOON - 900_000, NOON - 1, axis)).toBeNull();
  });

  it("has times at full steps, however long it is", () => {
    expect(axisTimes(axis, 6).map((ms) => (ms - NOON) / 60_000)).toEqual([0, 10, 20, 30, 40, 50, 60]);
    for (const span of [1000, 60_000, 86_400_000, 30 * 86_400_000, 3650 * 86_400_000])
      expect(axisTimes({ startMs: NOON, endMs: NOON + span }, 6).length).toBeLessThan(130);
  });
});

describe("bands of alerts", () => {
  const axis = { startMs: NOON, endMs: NOON + 3_600_000 };
  const at = (minutes: number) => new Date(NOON + minutes * 60_000).toISOString();
  const row = (name: string, severity: string, ...spans: [number, number | null][]) => ({
    name,
    severity,
    flaps: 0,
    recovery_ms: null,
    episodes: spans.map(([start, end]) => ({
      ...ALERT,
      severity,
      start: at(start),
      end: end === null ? null : at(end),
    })),
  });

  it("are one where they touch, and go on where one fires", () => {
    const rows = [
      row("Down", "critical", [30, null]),
      row("Slow", "warning", [0, 10], [10, 12], [20, 25]),
      row("Full", "warning", [5, 8]),
    ];
    const bands = alertBands({ start: at(0), end: at(60), rows, gaps: [], partial: false }, axis);
    expect(
      bands.map(({ startMs, endMs, level, names }) => [
        (startMs - NOON) / 60_000,
        (endMs - NOON) / 60_000,
        level,
        names.join(),
      ]),
    ).toEqual([
      [0, 12, "warn", "Slow,Full"],
      [20, 25, "warn", "Slow"],
      [30, 60, "critical", "Down"],
    ]);
  });

  it("are few, however many episodes there are", () => {
    const spans = Array.from({ length: 5000 }, (_, index): [number, number] => [index / 100, index / 100]);
    const rows = [row("Flaps", "info", ...spans)];
    expect(alertBands({ start: at(0), end: at(60), rows, gaps: [], partial: true }, axis)).toHaveLength(1);
  });
});

it("writes matchers as Alertmanager does", () => {
  const matcher = { name: "env", value: "a|b c", isRegex: true, isEqual: false };
  const silence = {
    matchers: [{ ...matcher, name: "alertname", value: "Down", isRegex: false, isEqual: true }, matcher],
  };
  expect(matcherWords(silence as Silence)).toBe('alertname=Down env!~"a|b c"');
});
