import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type {
  AlertTimelineResponse,
  DeploysResponse,
  HealthComponent,
  HealthResponse,
  HealthSeriesResponse,
  HealthSignal,
} from "../../api/types";
import type { GraphData } from "../../lib/graph";
import { draw, eventually, open, refusal, serve, text } from "../../testing/page";
import HealthView from "./HealthView";

vi.mock("../../charts/LineChart", () => ({
  default: ({ label, data }: { label: string; data: GraphData }) => (
    <figure aria-label={label} data-marks={JSON.stringify([data.bands, data.ticks])} />
  ),
}));

const SIGNAL: HealthSignal = {
  id: "waiting",
  name: "Clients waiting",
  verdict: "warning",
  reason: "7 clients wait for a connection; a warning from 1",
  since: "2026-03-01T12:00:00Z",
  since_before: false,
  value: 7,
  unit: "count",
  display: "7",
  warning: 1,
  critical: 20,
  lower_is_worse: false,
  graph: "Clients",
  grafana: "https://grafana.example.org/d/tovplay-pgbouncer?viewPanel=10",
};

const UNKNOWN: HealthSignal = {
  ...SIGNAL,
  id: "maxwait",
  name: "Longest wait",
  verdict: "no_data",
  reason: 'no target "pgbouncer" is configured <b>in Prometheus</b>',
  value: null,
  display: "",
  graph: "Longest wait",
};

const PGBOUNCER: HealthComponent = {
  id: "pgbouncer",
  name: "PgBouncer",
  verdict: "warning",
  reason: "7 clients wait for a connection; a warning from 1",
  since: "2026-03-01T12:00:00Z",
  since_before: true,
  grafana: "https://grafana.example.org/d/tovplay-pgbouncer",
  services: ["pgbouncer"],
  env: "",
  signals: [UNKNOWN, SIGNAL],
};

const HOST: HealthComponent = {
  id: "host",
  name: "Host",
  verdict: "ok",
  reason: "All good",
  since_before: false,
  services: [],
  env: "",
  signals: [{ ...SIGNAL, id: "cpu", name: "CPU", verdict: "ok", reason: "12 % is busy", display: "12 %" }],
};

const HEALTH: HealthResponse = {
  verdict: "warning",
  summary: "PgBouncer: 7 clients wait for a connection",
  checked_at: "2026-03-01T12:00:00Z",
  components: [PGBOUNCER, HOST],
  sources: [],
  sources_known: true,
  unreadable: [],
};

const LINES = { lower_is_worse: false, more: 0 };
const SERIES: HealthSeriesResponse = {
  component: "pgbouncer",
  start: "2026-03-01T12:00:00Z",
  step_ms: 15_000,
  points: 2,
  partial: false,
  graphs: [
    {
      name: "Clients",
      unit: "count",
      signals: [
        {
          ...LINES,
          id: "waiting",
          name: "Clients waiting",
          reason: "",
          lines: [{ name: "", values: [3, 7] }],
        },
      ],
    },
    {
      name: "Longest wait",
      unit: "seconds",
      signals: [
        {
          ...LINES,
          id: "maxwait",
          name: "Longest wait",
          reason: "there are no values in this time",
          lines: [],
        },
      ],
    },
  ],
};

const RANGE = "start=2026-03-01T11:00:00Z&end=2026-03-01T12:00:00Z";

const EPISODE = {
  id: 7,
  name: "PgBouncerWaiting",
  severity: "critical",
  service: "",
  env: "",
  component: "pgbouncer",
  start: "2026-03-01T11:30:00Z",
  end: "2026-03-01T11:40:00Z",
  inferred: false,
};

const TIMELINE: AlertTimelineResponse = {
  start: "2026-03-01T11:00:00Z",
  end: "2026-03-01T12:00:00Z",
  gaps: [],
  partial: false,
  rows: [
    {
      name: "PgBouncerWaiting",
      severity: "critical",
      flaps: 0,
      recovery_ms: null,
      episodes: [EPISODE, { ...EPISODE, id: 8, component: "host" }],
    },
  ],
};

const DEPLOYS: DeploysResponse = {
  deploys: ["pgbouncer", "backend"].map((service, index) => ({
    id: index,
    service,
    env: "production",
    version: `${service}-1.2`,
    source: "ci",
    url: "",
    actor: "",
    at: "2026-03-01T11:15:00Z",
  })),
};

/** Of an answer with issues, what the card reads. */
const ISSUES = {
  issues: [
    {
      id: 3,
      title: "pool <i>exhausted</i>",
      type: "",
      level: "error",
      events: 41,
      state: "ongoing",
      spiking_since: null,
    },
    {
      id: 4,
      title: "no more <i>connections</i>",
      type: "",
      level: "error",
      events: 41,
      state: "new",
      spiking_since: null,
    },
  ],
};

let asked: string[];
/** The ends of the ranges that graphs were asked for. */
let ends: string[];
let answers: Record<string, unknown>;

beforeEach(() => {
  asked = [];
  ends = [];
  answers = { health: HEALTH, series: SERIES, timeline: TIMELINE, deploys: DEPLOYS, issues: ISSUES };
  serve(({ pathname, search, searchParams }) => {
    asked.push(pathname + (pathname.endsWith("/issues") ? search : ""));
    if (pathname.endsWith("/series")) ends.push(searchParams.get("end") ?? "");
    return answers[pathname.slice(pathname.lastIndexOf("/") + 1)];
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const show = (search = "") => open(`/health${search}`, <HealthView />);

/** Lets time go on where timers are fake. */
async function pass(ms: number): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
}

describe("the view of health", () => {
  it("says of each component how it is and since when, and asks for no graphs", async () => {
    await show();
    await eventually(() => expect(document.querySelectorAll("[data-component]").length).toBe(2));
    expect(text("h1")).toContain("7 clients wait");
    expect(text("[data-component=pgbouncer]")).toContain("a warning from 1");
    expect(text("[data-component=pgbouncer]")).toContain("Degraded since before ");
    expect(text("[data-component=host]")).toContain("All good");
    expect(asked.some((path) => path.endsWith("/series"))).toBe(false);
  });

  it("opens the component that the link names, with what is known first and graphs", async () => {
    await show("?c=pgbouncer");
    await eventually(() => expect(document.querySelector("figure")).not.toBeNull());
    expect(asked).toContain("/api/v1/health/pgbouncer/series");
    const signals = [...document.querySelectorAll<HTMLElement>("[data-signal]")];
    expect(signals.map(({ dataset }) => dataset.signal)).toEqual(["waiting", "maxwait"]);
    expect(document.querySelector("figure")?.getAttribute("aria-label")).toContain("Clients waiting 7");
    expect(text("[data-graph='Longest wait']")).toContain("No data: no target");
    expect(document.querySelector("[data-graph='Longest wait'] .hatched")).not.toBeNull();
  });

  it("says that there is no such component, and leads to those that there are", async () => {
    await show("?c=backend_<b>demo</b>");
    await eventually(() => expect(text("[role=status]")).toContain("backend_<b>demo</b>"));
    const links = [...document.querySelectorAll<HTMLAnchorElement>("[role=status] a")];
    expect(links.map((link) => `${link.textContent} ${link.getAttribute("href")}`)).toEqual([
      "PgBouncer /health?c=pgbouncer",
      "Host /health?c=host",
    ]);
    await act(async () => links[1]?.click());
    await eventually(() =>
      expect(document.querySelector("[data-component=host] button")?.getAttribute("aria-expanded")).toBe(
        "true",
      ),
    );
    expect(document.querySelector("[role=status] a")).toBeNull();
  });

  it("renders no text of a metric as markup", async () => {
    await show("?c=pgbouncer");
    await eventually(() => expect(text("[data-verdict=no_data]")).toContain("<b>in Prometheus</b>"));
    expect(document.querySelector("[data-verdict=no_data] b")).toBeNull();
  });

  it("links to Grafana at the page's range", async () => {
    await show("?c=pgbouncer&start=2026-03-01T11:00:00Z&end=2026-03-01T12:00:00Z");
    await eventually(() => expect(document.querySelector("a")).not.toBeNull());
    const link = [...document.querySelectorAll("a")].find(
      ({ textContent }) => textContent === "Open in Grafana",
    );
    expect(link?.href).toBe(
      `https://grafana.example.org/d/tovplay-pgbouncer?from=${Date.UTC(2026, 2, 1, 11)}&to=${Date.UTC(2026, 2, 1, 12)}`,
    );
  });

  it("opens and closes by click, and the address follows", async () => {
    await show();
    await eventually(() => expect(document.querySelectorAll("[data-component]").length).toBe(2));
    const button = document.querySelector<HTMLButtonElement>("[data-component=host] button");
    await act(async () => button?.click());
    expect(window.location.search).toBe("?c=host");
    expect(button?.getAttribute("aria-expanded")).toBe("true");
    await act(async () => button?.click());
    expect(window.location.search).toBe("");
  });

  it("asks for graphs up to when they are opened, and then every 30 s", async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 2, 1, 12) });
    await show();
    await pass(20_000);
    const button = document.querySelector<HTMLButtonElement>("[data-component=pgbouncer] button");
    await act(async () => button?.click());
    expect(ends.at(-1)).toBe("2026-03-01T12:00:20.000Z");
    await pass(30_000);
    expect(ends.at(-1)).toBe("2026-03-01T12:00:50.000Z");
  });

  it("shows the present as soon as it is opened, however long the page stood elsewhere", async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 2, 1, 12) });
    await open("/health?c=pgbouncer", null);
    vi.setSystemTime(Date.UTC(2026, 2, 1, 13));
    await act(async () => draw(<HealthView />));
    await pass(1);
    expect(ends.at(-1)?.slice(0, 16)).toBe("2026-03-01T13:00");
  });

  it("asks again for graphs that were not answered, in a range that stands still too", async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 2, 1, 12) });
    answers.series = { ...SERIES, partial: true };
    await show(`?c=pgbouncer&${RANGE}`);
    await pass(100);
    expect(text("[role=status]")).toContain("asked for again every 15 s");
    answers.series = SERIES;
    await pass(60_000);
    expect(ends.length).toBe(2);
    expect(document.querySelector("[role=status]")).toBeNull();
  });

  it("lists the alerts about the component, and marks their time and its deploys in the graphs", async () => {
    await show(`?c=pgbouncer&${RANGE}&env=staging`);
    await eventually(() => expect(document.querySelectorAll("[data-alert]").length).toBe(1));
    expect(document.querySelector("[data-alert] a")?.getAttribute("href")).toContain("/alerts/7?");
    expect(text("[data-alert]")).toContain("for 10 min");
    const at = (minute: number) => Date.UTC(2026, 2, 1, 11, minute);
    await eventually(() =>
      expect(JSON.parse(document.querySelector<HTMLElement>("figure")?.dataset.marks ?? "[]")).toEqual([
        [[at(30), at(40)]],
        [{ ms: at(15), label: "pgbouncer-1.2" }],
      ]),
    );
  });

  it("lists the issues of its services that are new, came back or spike", async () => {
    await show(`?c=pgbouncer&${RANGE}`);
    await eventually(() => expect(document.querySelectorAll("[data-issue]").length).toBe(1));
    expect(text("[data-issue]")).toContain("no more <i>connections</i>");
    expect(document.querySelector("[data-issue] a")?.getAttribute("href")).toContain("/issues/4?");
    const request = asked.find((path) => path.startsWith("/api/v1/issues"));
    expect(request).toContain("service=pgbouncer&state=new&state=regressed&state=ongoing&");
  });

  it("says that nothing is known of alerts where nobody looked, and asks for no issues without services", async () => {
    answers.timeline = { ...TIMELINE, rows: [], gaps: [TIMELINE] };
    await show(`?c=host&${RANGE}`);
    await eventually(() => expect(text("section[aria-label=Alerts]")).toContain("nobody looked"));
    expect(asked.some((path) => path.startsWith("/api/v1/issues"))).toBe(false);
  });

  it("says in words when the check or the graphs cannot be loaded", async () => {
    const message = "Loki and Prometheus are on holiday.";
    answers.series = refusal(500, message);
    await show("?c=pgbouncer");
    await eventually(() => expect(text("[role=alert]")).toContain(message));
    answers.health = refusal(500, message);
    await show();
    await eventually(() => expect(text("[role=alert]")).toContain(message));
  });
});
