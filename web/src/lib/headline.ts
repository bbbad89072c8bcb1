import type { AlertsResponse, FiringAlert, HealthResponse, Verdict } from "../api/types";
import { alertsVerdict, countLoud, isLoud } from "./alerts";
import { formatCount } from "./format";

/** What is the case, of health and alerts together. */
export interface Headline {
  verdict: Verdict;
  /** What health says; empty when all that is wrong is alerts. */
  health: string;
  /** What the alerts that fire say, and the gravest of them; empty and undefined when none does. */
  alerts: string;
  alert: FiringAlert | undefined;
  /** True if the alerts are to be told first. */
  alertsFirst: boolean;
  /** Why alerts may fire that are not known of; empty when they are known. */
  doubt: string;
}

/** What could be read of health and alerts: undefined while it is on its way, the failure when there is none. */
export interface Known<T> {
  data: T | undefined;
  error: Error | null;
}

const GRAVITY: readonly Verdict[] = ["no_data", "ok", "warning", "critical"];
/** What is said of a health that could not be read. */
export const UNKNOWN_HEALTH = "The health of the machines is unknown";

/** The headline; null as long as what is on its way could make it untrue. */
export function headlineOf(health: Known<HealthResponse>, alerts: Known<AlertsResponse>): Headline | null {
  if (!health.data && !health.error) return null;
  const verdict = health.data?.verdict ?? "no_data";
  const firing = firingOf(alerts.data);
  if (verdict === "ok" && !alerts.data && !alerts.error) return null;
  const doubt = doubtOf(alerts);
  const summary = health.data?.summary ?? UNKNOWN_HEALTH;
  if (!firing) {
    const good = verdict === "ok" && doubt !== "" ? "Good as far as is known" : summary;
    return { verdict, health: good, alerts: "", alert: undefined, alertsFirst: false, doubt };
  }
  const alertsFirst = GRAVITY.indexOf(firing.verdict) >= GRAVITY.indexOf(verdict);
  return {
    verdict: alertsFirst ? firing.verdict : verdict,
    health: verdict === "ok" ? "" : summary,
    alerts: firing.words,
    alert: firing.alert,
    alertsFirst,
    doubt,
  };
}

function firingOf(alerts: AlertsResponse | undefined) {
  const count = alerts ? countLoud(alerts) : 0;
  if (!alerts || count === 0) return null;
  const alert = alerts.firing.find(isLoud);
  const said = alert ? alert.summary || alert.name : "";
  const words =
    count === 1 ? `1 alert fires: ${said}` : `${formatCount(count)} alerts fire, the gravest: ${said}`;
  return { verdict: alertsVerdict(alerts).verdict, words, alert };
}

function doubtOf({ data, error }: Known<AlertsResponse>): string {
  if (!data) return error ? `Whether alerts fire is not known: ${error.message}` : "";
  const { alertmanager, watchdog } = data;
  if (alertmanager.failure !== "" || watchdog.state === "missing") return "Alerts may not get through";
  return "";
}
