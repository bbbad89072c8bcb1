import { describe, expect, it } from "vitest";
import type { AlertsResponse, FiringAlert, HealthResponse, Verdict } from "../api/types";
import { headlineOf } from "./headline";

const ALERT = { name: "Down", severity: "critical", summary: "backend is down" } as FiringAlert;
const LOUD = { ...ALERT, silenced_by: [], inhibited_by: [], muted_by: [] };

function health(verdict: Verdict, summary = "All good") {
  return { data: { verdict, summary } as HealthResponse, error: null };
}

function alerts(firing: FiringAlert[], failure = "") {
  const data = { firing, total: firing.length, alertmanager: { failure }, watchdog: { state: "firing" } };
  return { data: data as unknown as AlertsResponse, error: null };
}

const PENDING = { data: undefined, error: null };
const FAILED = { data: undefined, error: new Error("no answer in 10 s") };

describe("the headline of the overview", () => {
  it("never says that all is good while an alert fires, or while that is not known", () => {
    expect(headlineOf(health("ok"), alerts([]))).toMatchObject({
      verdict: "ok",
      health: "All good",
      doubt: "",
    });
    expect(headlineOf(health("ok"), PENDING)).toBeNull();
    expect(headlineOf(health("ok"), alerts([LOUD]))).toMatchObject({
      verdict: "critical",
      health: "",
      alerts: "1 alert fires: backend is down",
      alert: LOUD,
    });
    expect(headlineOf(health("ok"), FAILED)).toMatchObject({
      health: "Good as far as is known",
      doubt: "Whether alerts fire is not known: no answer in 10 s",
    });
    expect(headlineOf(health("ok"), alerts([], "no answer"))?.doubt).toBe("Alerts may not get through");
  });

  it("tells what is graver first, and does not count what is silenced", () => {
    const warning = { ...LOUD, severity: "warning" };
    expect(headlineOf(health("critical", "1 critical"), alerts([warning]))).toMatchObject({
      verdict: "critical",
      health: "1 critical",
      alertsFirst: false,
    });
    expect(headlineOf(health("warning", "1 degraded"), alerts([LOUD, warning]))).toMatchObject({
      verdict: "critical",
      health: "1 degraded",
      alerts: "2 alerts fire, the gravest: backend is down",
      alertsFirst: true,
    });
    expect(headlineOf(health("ok"), alerts([{ ...LOUD, silenced_by: ["x"] }]))?.health).toBe("All good");
  });

  it("says what it can when the health is not known", () => {
    expect(headlineOf(PENDING, alerts([LOUD]))).toBeNull();
    expect(headlineOf(FAILED, PENDING)).toMatchObject({ verdict: "no_data", alerts: "" });
    expect(headlineOf(FAILED, alerts([LOUD]))).toMatchObject({ verdict: "critical", alertsFirst: true });
  });
});
