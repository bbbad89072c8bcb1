import { act, type ReactNode } from "react";
import { beforeEach, describe, expect, it } from "vitest";
import type {
  AlertDetail,
  AlertSeriesResponse,
  AlertsResponse,
  AlertTimelineResponse,
  FiringAlert,
  Session,
  Silence,
} from "../../api/types";
import { alertGraph, firesWhile } from "../../lib/alertGraph";
import { seriesName } from "../../lib/graph";
import { button, click, eventually, open, refusal, sees, serve, text, type } from "../../testing/page";
import AlertsView from "./AlertsView";
import AlertView from "./AlertView";

const HOSTILE = '<img src=x onerror="alert(1)">';

const ALERT: FiringAlert = {
  id: 7,
  name: "BackendDown",
  severity: "critical",
  service: "backend",
  env: "production",
  component: "backend_production",
  start: "2026-03-01T12:00:00Z",
  end: null,
  inferred: false,
  summary: `backend does not answer ${HOSTILE}`,
  silenced_by: [],
  inhibited_by: [],
  muted_by: [],
};

const SILENCE: Silence = {
  id: "s1",
  matchers: [{ name: "alertname", value: "DiskFull", isRegex: false, isEqual: true }],
  start: "2026-03-01T12:00:00Z",
  end: "2036-03-01T12:00:00Z",
  created_by: "alice",
  reason: "a new disk comes",
  state: "active",
};

const FIRING: AlertsResponse = {
  total: 2,
  firing: [ALERT, { ...ALERT, id: 8, name: "DiskFull", summary: "", silenced_by: ["s1"] }],
  watchdog: { state: "ok", since: null },
  alertmanager: {
    configured: true,
    looked_at: "2026-03-01T12:00:00Z",
    failure: "",
    since: null,
    truncated: 0,
    skew_ms: 0,
  },
};

const ENDED = { ...ALERT, id: 9, end: "2026-03-01T12:10:00Z" };

const TIMELINE: AlertTimelineResponse = {
  start: "2026-03-01T11:30:00Z",
  end: "2026-03-01T12:30:00Z",
  rows: [
    { name: "BackendDown", severity: "critical", episodes: [ENDED, ALERT], flaps: 4, recovery_ms: 600_000 },
  ],
  gaps: [{ start: "2026-03-01T11:30:00Z", end: "2026-03-01T11:45:00Z" }],
  partial: false,
};

const DETAIL: AlertDetail = {
  ...ALERT,
  fingerprint: "abc",
  starts_at: ALERT.start,
  polled: true,
  description: "For 2 minutes.",
  labels: { alertname: "BackendDown", evil: HOSTILE },
  annotations: { summary: ALERT.summary, team: "platform" },
  receiver: "dashboard",
  extra: { notification_reason: "first notification" },
  links: { runbook: "https://example.org/BackendDown", dashboard: "", source: "" },
  issues: [],
  issues_known: true,
};

const NO_SERIES: AlertSeriesResponse = {
  expr: 'sum(rate({a="b"}[1m])) > 1',
  language: "logql",
  drawn: "",
  op: "",
  threshold: null,
  conditioned: false,
  ratio: false,
  start: "2026-03-01T11:30:00Z",
  end: "2026-03-01T12:30:00Z",
  step_ms: 15_000,
  series: [],
  others: 0,
};

const session = (role: Session["user"]["role"]): Session => ({
  user: { name: "alice", role },
  version: "v1",
  external_url: "",
});

let asked: string[];
let sent: unknown[];
let answers: Record<string, unknown>;

beforeEach(() => {
  asked = [];
  sent = [];
  answers = {
    alerts: FIRING,
    session: session("admin"),
    "alerts/timeline": TIMELINE,
    "alerts/silences": { silences: [SILENCE] },
    "alerts/7": DETAIL,
    "alerts/7/series": NO_SERIES,
  };
  serve((url, method, body) => {
    const path = url.pathname.split("/api/v1/")[1] ?? "";
    if (method === "POST") {
      sent.push([path, body]);
      return Response.json({ id: "s2" }, { status: 201 });
    }
    if (method === "DELETE") {
      sent.push([path]);
      return new Response(null, { status: 204 });
    }
    asked.push(url.search);
    return answers[path];
  });
});

async function show(view: ReactNode, address: string, until: string): Promise<void> {
  await open(address, view);
  await sees(until);
}

describe("the page of alerts", () => {
  const page = () => show(<AlertsView />, "/alerts?env=production", "a new disk comes");

  it("says which time intervals mute an alert", async () => {
    answers.alerts = { ...FIRING, total: 1, firing: [{ ...ALERT, muted_by: ["nights"] }] };
    await show(<AlertsView />, "/alerts", "Muted at this time: nights");
    expect(document.querySelector("h1")?.textContent).toBe("No alert fires that is not silenced");
  });

  it("says what fires first, and what is silenced by whom", async () => {
    await page();
    expect(document.querySelector("h1")?.textContent).toBe(`backend does not answer ${HOSTILE}`);
    expect(document.querySelector("img")).toBeNull();
    const [loud, quiet] = document.querySelectorAll("[data-alert]");
    expect(loud?.textContent).toContain("critical");
    expect(loud?.textContent).toContain("backend · production");
    expect(quiet?.textContent).toContain("Silenced by alice");
    expect(asked).toContain("?env=production");
  });

  it("marks flapping, gaps and what still fires in the timeline", async () => {
    await page();
    const row = document.querySelector("[data-timeline]");
    expect(row?.textContent).toContain("flaps, 4× in an hour");
    expect(row?.textContent).toContain("over after 10 min");
    expect(
      [...(row?.querySelectorAll("[data-episode]") ?? [])].map((bar) => bar.getAttribute("data-episode")),
    ).toEqual(["ended", "firing"]);
    expect(row?.querySelectorAll(".hatched")).toHaveLength(1);
    expect(text()).toContain("Nobody looked at Alertmanager");
  });

  it("silences with a reason in two clicks", async () => {
    await page();
    await click("Silence BackendDown");
    expect(button("4 h").hasAttribute("disabled")).toBe(true);
    expect(document.activeElement?.tagName).toBe("INPUT");
    await type("we repair it", "dialog input");
    await click("4 h");
    await eventually(() =>
      expect(sent).toEqual([
        ["alerts/silences", { episode: 7, scope: "alert", for_ms: 14_400_000, reason: "we repair it" }],
      ]),
    );
    await eventually(() => expect(document.querySelector("dialog")).toBeNull());
  });

  it("silences once by a double click", async () => {
    await page();
    await click("Silence BackendDown");
    await type("we repair it", "dialog input");
    await act(async () => {
      button("1 h").click();
      button("1 h").click();
    });
    await eventually(() => expect(document.querySelector("dialog")).toBeNull());
    expect(sent).toHaveLength(1);
  });

  it("ends a silence", async () => {
    await page();
    await click("Unsilence");
    await eventually(() => expect(sent).toEqual([["alerts/silences/s1"]]));
  });

  it("says that alerts may not get through", async () => {
    answers.alerts = {
      ...FIRING,
      total: 0,
      firing: [],
      watchdog: { state: "missing", since: null },
      alertmanager: { ...FIRING.alertmanager, truncated: 3, skew_ms: -300_000 },
    };
    await page();
    for (const words of [
      "No alert is known to fire, but alerts may not get through",
      "The alert Watchdog, which always fires, does not",
      "left out 3 alerts",
      "clock is 5 min behind",
    ])
      expect(text()).toContain(words);
  });

  it("lets a viewer see silences and change none", async () => {
    answers.session = session("viewer");
    await page();
    expect(text()).toContain("Silenced by alice");
    expect(text()).not.toContain("Unsilence");
    expect(document.querySelector('[aria-label^="Silence "]')).toBeNull();
  });

  it("offers no silence without an Alertmanager", async () => {
    answers.alerts = {
      ...FIRING,
      alertmanager: { ...FIRING.alertmanager, configured: false },
    };
    await show(<AlertsView />, "/alerts", "ALERTMANAGER_URL");
    expect(document.querySelector('[aria-label="Silence BackendDown"]')).toBeNull();
  });
});

describe("the page of an episode", () => {
  it("has its words, labels, links and what newer versions say", async () => {
    await show(<AlertView id="7" />, "/alerts/7", "Loki has no values");
    for (const words of [
      "For 2 minutes.",
      HOSTILE,
      "first notification",
      "platform",
      "it was found in Alertmanager",
    ])
      expect(text()).toContain(words);
    expect(document.querySelector("img")).toBeNull();
    expect([...document.querySelectorAll("a[target]")].map((link) => link.getAttribute("href"))).toEqual([
      "https://example.org/BackendDown",
    ]);
    expect(button("Lines of these minutes").getAttribute("href")).toContain(
      "/lines?service=backend&env=production&start=2026-03-01T11",
    );
  });

  it("says why there is no graph", async () => {
    answers["alerts/7/series"] = refusal(502, "Loki does not answer");
    await show(<AlertView id="7" />, "/alerts/7", "Loki does not answer");
    expect(text()).toContain("first notification");
  });
});

describe("the graph", () => {
  const graph = (values: (number | null)[], labels: Record<string, string> = {}) =>
    alertGraph({ ...NO_SERIES, op: ">", threshold: 5, series: [{ labels, values }] }, ENDED);

  it("keeps holes as holes and tints the time of the episode", () => {
    const data = graph([1, null, null, 3]);
    expect(data.lines[0]?.values).toEqual([1, null, null, 3]);
    expect(data.gaps).toEqual([[1, 2]]);
    expect(data.bands).toEqual([[Date.parse(ENDED.start), Date.parse(ENDED.end)]]);
    expect(data.thresholds).toEqual([{ value: 5, verdict: "critical", label: "> 5" }]);
  });

  it("shows a share in percent, and says when the alert fires", () => {
    const share = { ...NO_SERIES, op: ">", threshold: 0.05, ratio: true };
    const series = [{ labels: {}, values: [0.125, 0, null] }];
    expect(alertGraph({ ...share, series }, ALERT)).toMatchObject({
      unit: "percent",
      lines: [{ values: [12.5, 0, null] }],
      thresholds: [{ value: 5, label: "> 5 %" }],
    });
    expect(firesWhile(share)).toBe("fires while > 5 %");
    expect(firesWhile({ ...share, ratio: false, conditioned: true })).toContain(
      "> 0.05, if the other conditions",
    );
    expect(firesWhile(NO_SERIES)).toContain("drawn whole");
    expect(firesWhile({ ...NO_SERIES, expr: "" })).toBe("");
  });

  it("goes to its own end while the alert fires", () => {
    expect(alertGraph(NO_SERIES, ALERT).bands[0]?.[1]).toBe(Date.parse(NO_SERIES.end));
  });

  it("says why there is none", () => {
    expect(alertGraph({ ...NO_SERIES, language: "promql" }, ALERT).reason).toContain(
      "Prometheus has no values",
    );
    expect(alertGraph({ ...NO_SERIES, expr: "" }, ALERT).reason).toContain("no link to its rule");
  });

  it("names series by their labels", () => {
    expect(seriesName({ __name__: "up", job: "a" })).toBe("job=a");
    expect(seriesName({ __name__: "up" })).toBe("up");
    expect(seriesName({})).toBe("value");
  });
});
