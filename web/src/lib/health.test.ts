import { describe, expect, it } from "vitest";
import type { HealthComponent, HealthSignal, Verdict } from "../api/types";
import { headlines } from "./health";

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
