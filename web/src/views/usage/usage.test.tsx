import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { UsagePatterns, UsageResponse } from "../../api/types";
import { setZone } from "../../lib/time";
import { ZoneProvider } from "../../state/zone";
import { click, eventually, open, press, refusal, sees, serve, text } from "../../testing/page";
import UsageView from "./UsageView";

const HOSTILE = '<img src=x onerror="alert(1)">';
const DAY_MS = 86_400_000;
const START = Date.parse("2026-11-20T00:00:00");
const at = (day: number) => new Date(START + day * DAY_MS).toISOString();
const amount = (bytes: number) => ({ bytes, lines: bytes / 100 });

const USAGE: UsageResponse = {
  days: (["no_data", "not_counted", "full", "so_far"] as const).map((state, index) => ({
    start: at(index),
    end: at(index + 1),
    state,
    ...amount(index < 2 ? 0 : 3e6),
  })),
  services: [
    {
      service: "backend",
      ...amount(4e6),
      before: amount(2e6),
      daily: [0, 0, 1e6, 3e6].map(amount),
      levels: [
        { level: "info", ...amount(3e6) },
        { level: "error", ...amount(1e6) },
      ],
    },
    { service: HOSTILE, ...amount(2e6), before: amount(0), daily: [0, 0, 2e6, 0].map(amount), levels: [] },
    { service: "", bytes: 0, lines: 3, before: amount(0), daily: [0, 0, 0, 0].map(amount), levels: [] },
  ],
  total: amount(6e6),
  before: amount(2e6),
  jumps: [{ day: 3, service: "backend", bytes: 3e6, usual: 1e6 }],
  first_line: at(2),
  counted_at: at(3.5),
  problem: "",
};

const PATTERNS: UsagePatterns = {
  points: 24,
  lines: 1000,
  bytes: 200_000,
  patterns: [
    {
      template: "game <num> was saved",
      filter: "|>game <_> was saved",
      service: "backend",
      level: "error",
      lines: 400,
      bytes: 100_000,
      example: "game 7 was saved",
      drop: "- match:\n    action: drop\n",
      thin: "- match:\n    stages:\n    - sampling:\n        rate: 0.1\n",
    },
    {
      template: HOSTILE,
      filter: "",
      service: "",
      level: "",
      lines: 1,
      bytes: 10,
      example: HOSTILE,
      drop: "",
      thin: "",
    },
  ],
};

let asked: URL[];
let usage: UsageResponse;
let failing: boolean;

beforeEach(() => {
  asked = [];
  usage = USAGE;
  failing = false;
  serve((url) => {
    asked.push(url);
    if (failing) return refusal(500, "a fault");
    return url.pathname.endsWith("/patterns") ? PATTERNS : usage;
  });
});

afterEach(() => setZone("local"));

async function show(search: string, until: string): Promise<void> {
  await open(
    `/usage${search}`,
    <ZoneProvider>
      <UsageView />
    </ZoneProvider>,
  );
  await sees(until);
}

const find = (selector: string) => document.querySelector<HTMLElement>(selector);
const patternsAsked = () => asked.filter(({ pathname }) => pathname.endsWith("/patterns"));

describe("the usage", () => {
  it("says the answer first, and what jumped", async () => {
    await show("?days=30&env=staging", "6 MB in 4 days, 3× as much");
    expect(text()).toContain("backend grew by 2 MB, with a jump on Mon 23 Nov.");
    expect(find("[data-jump=backend]")?.textContent).toContain("logs 3 MB, usually 1 MB a day");
    expect(asked[0]?.searchParams.toString()).toMatch(/^days=30&tz=.+&env=staging$/);
    expect(document.querySelector("img")).toBeNull();
  });

  it("hatches days without data, which is not zero, and marks today", async () => {
    await show("", "6 MB in 4 days");
    const bars = [...document.querySelectorAll("[data-day-state]")];
    expect(bars.map((bar) => bar.getAttribute("data-day-state"))).toEqual([
      "no_data",
      "not_counted",
      "full",
      "so_far",
    ]);
    expect(bars.map((bar) => bar.className.includes("hatched"))).toEqual([true, true, false, false]);
    expect(bars[3]?.querySelector(".so-far")).not.toBeNull();
    expect(bars[2]?.querySelector(".so-far")).toBeNull();
  });

  it("shows one day beside with the arrows, in figures or as not known", async () => {
    await show("", "6 MB in 4 days");
    const days = find("[role=slider]");
    await press("ArrowLeft", {}, days);
    expect(find("[data-day]")?.textContent).toContain("Sun 22 Nov3 MB");
    expect(days?.getAttribute("aria-valuetext")).toBe("Sun 22 Nov: 3 MB");
    await press("Home", {}, days);
    expect(find("[data-day]")?.textContent).toContain("no data");
    expect(find("[data-day]")?.textContent).toContain("backend—");
    await press("Escape", {}, days);
    expect(find("[data-day]")).toBeNull();
  });

  it("is of days in UTC where the page's times are", async () => {
    vi.stubEnv("TZ", "America/New_York");
    usage = { ...USAGE, jumps: [{ day: 0, service: "backend", bytes: 3e6, usual: 1e6 }] };
    usage.days = usage.days.map((day, index) => ({ ...day, start: `2026-11-2${index}T00:00:00Z` }));
    await show("?tz=utc", "Fri 20 Nov: backend logs 3 MB");
    expect(asked[0]?.searchParams.get("tz")).toBe("UTC");
  });

  it("tells lines as well", async () => {
    await show("", "6 MB in 4 days");
    await click("Lines");
    expect(text()).toContain("60k lines in 4 days");
    expect(window.location.search).toBe("?unit=lines");
  });

  it("opens a service with its levels, its patterns and itself in the chart", async () => {
    await show("", "in a sample of 1,000 lines at 24 points");
    await click(/backend/);
    await sees("Noisiest patterns of backend");
    expect(
      [...document.querySelectorAll("[data-level]")].map((one) => one.getAttribute("data-level")),
    ).toEqual(["info", "error"]);
    await eventually(() => expect(patternsAsked().at(-1)?.searchParams.get("service")).toBe("backend"));
    await click("All services");
    expect(window.location.search).toBe("");
  });

  it("gives the stage that makes a pattern less, with care for errors", async () => {
    await show("?env=staging&level=info&q=x", "in a sample");
    expect(text()).toContain("50 % of bytes");
    expect(text()).toContain("40 % of lines · ≈ 3 MB");
    await click("Have less");
    expect(find("pre")?.textContent).toBe(PATTERNS.patterns[0]?.thin);
    expect(text()).toContain("These are errors");
    await click("Drop all");
    expect(find("pre")?.textContent).toBe(PATTERNS.patterns[0]?.drop);
    const link = find("[data-noise] a")?.getAttribute("href");
    expect(link).toBe("/lines?service=backend&env=staging&pattern=%7C%3Egame+%3C_%3E+was+saved&start=now-7d");
    const lines = find("[title='Lines of backend']")?.getAttribute("href");
    expect(lines).toBe("/lines?service=backend&env=staging&start=now-7d");
  });

  it("tells a service of which Loki rounds the bytes to nothing by its lines", async () => {
    await show("", "no service");
    expect(find("[data-service='']")?.textContent).toContain("< 1 kB");
  });

  it("shows what was counted while Loki is away, and says so", async () => {
    usage = { ...USAGE, problem: "Loki does not answer; check that it runs, and the address in LOKI_URL" };
    await show("", "Loki does not answer");
    expect(text()).toContain("Showing what was counted at");
    expect(text()).toContain("6 MB in 4 days");
  });

  it("says that the days are being counted, that there is nothing, and why", async () => {
    const empty = { ...USAGE, services: [], total: amount(0), before: null, jumps: [], first_line: null };
    const uncounted = USAGE.days.map((day) => ({ ...day, state: "not_counted" as const }));
    usage = { ...empty, days: uncounted, counted_at: null };
    await show("", "The days are being counted");
    expect(patternsAsked()).toEqual([]);
    usage = { ...empty, days: USAGE.days.map((day) => ({ ...day, state: "no_data" })) };
    await show("?env=staging", "No line in 4 days");
    expect(text()).toContain("This is of staging alone.");
    usage = empty; // one day was not counted in time, and never will be
    await show("?env=gap", "No line in 4 days");
    usage = { ...empty, counted_at: null, problem: "Loki tells no volumes: set volume_enabled: true" };
    await show("?env=x", "Nothing is counted yet");
    expect(text()).toContain("set volume_enabled: true");
  });

  it("says what failed and tries again", async () => {
    failing = true;
    await show("", "a fault");
    failing = false;
    await click("Retry");
    await sees("6 MB in 4 days");
  });
});
