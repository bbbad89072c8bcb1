import { describe, expect, it } from "vitest";
import type { HealthComponent, HealthResponse, HealthSignal, Verdict } from "../api/types";
import { earliestOf, headlines } from "./health";

function signal(id: string, verdict: Verdict, display = "1"): HealthSignal {
  const rest = { since_before: false, lower_is_worse: false, unit: "count", value: 1 } as const;
  return { id, name: id, verdict, reason: "", display, ...rest };
}

function component(...signals: HealthSignal[]): HealthComponent {
  const rest = { since_before: false, services: [], env: "" };
  return { id: "host", name: "Host", verdict: "ok", reason: "", ...rest, signals };
}

describe("headlines", () => {
  it("puts what is wrong first, then values, then what is not known, and keeps the order otherwise", () => {
    const got = headlines(
      component(
        signal("a", "no_data", ""),
        signal("b", "ok", ""),
        signal("c", "ok"),
        signal("d", "warning"),
        signal("e", "ok"),
        signal("f", "critical"),
      ),
      5,
    );
    expect(got.map(({ id }) => id)).toEqual(["f", "d", "c", "e", "b"]);
  });
});

describe("earliestOf", () => {
  it("finds the component that has the worst verdict for the longest time", () => {
    const since = (id: string, verdict: Verdict, time?: string): HealthComponent => ({
      ...component(),
      id,
      verdict,
      ...(time && { since: time }),
    });
    const report: HealthResponse = {
      verdict: "warning",
      summary: "",
      checked_at: "",
      sources: [],
      sources_known: true,
      unreadable: [],
      components: [
        since("a", "ok", "2026-03-01T09:00:00Z"),
        since("b", "warning"),
        since("c", "warning", "2026-03-01T12:00:00Z"),
        since("d", "warning", "2026-03-01T10:00:00Z"),
      ],
    };
    expect(earliestOf(report)?.id).toBe("d");
  });
});
