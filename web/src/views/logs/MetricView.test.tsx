import { act } from "react";
import { beforeEach, expect, it } from "vitest";
import type { LogsMetric } from "../../api/types";
import { parseView } from "../../state/view";
import { button, click, eventually, open, refusal, sees, serve, text, type } from "../../testing/page";
import MetricView from "./MetricView";
import { SearchBox } from "./SearchBox";
import { Toolbar } from "./Toolbar";

const BOUNDS = { startMs: 0, endMs: 3_600_000 };
const QUERY = 'sum by (level) (rate({service="backend"} |= "timeout" [5m]))';

const ANSWER: LogsMetric = {
  start: "1970-01-01T00:00:00Z",
  step_ms: 15_000,
  points: 3,
  series: [
    { labels: { level: "info" }, values: [1, 2, 1] },
    { labels: { level: "error" }, values: [null, 0, 3] },
  ],
  others: 0,
  warnings: [],
  stats: { bytes_processed: 2048, lines_processed: 9, took_ms: 1 },
};

let asked: URL[];
let answer: unknown;

beforeEach(() => {
  asked = [];
  answer = ANSWER;
  serve((url) => {
    if (!url.pathname.endsWith("/metric")) return { options: [] };
    asked.push(url);
    return answer;
  });
});

const show = (query = QUERY, more = "") =>
  open(`/lines?query=${encodeURIComponent(query)}${more}`, <MetricView bounds={BOUNDS} narrow={false} />);
const rows = () => [...document.querySelectorAll("[data-series]")].map((row) => row.textContent);
const applied = () => parseView(window.location.search);

it("lists the series with what their values come to, and says what was read", async () => {
  await show(QUERY, "&env=staging");
  await eventually(() => expect(rows()).toEqual(["level=error3031.5", "level=info1121.3"]));
  expect(asked[0]?.searchParams.get("query")).toBe(QUERY.replace('backend"', 'backend", env="staging"'));
  expect(asked[0]?.searchParams.get("start")).toBe("1970-01-01T00:00:00.000Z");
  expect(text()).toContain("2 series; a point each 15 s, 2 kB read");
});

it("draws a chosen series alone until it is chosen again", async () => {
  await show();
  await eventually(() => expect(rows()).toHaveLength(2));
  await click("level=info");
  expect(button("level=info").getAttribute("aria-pressed")).toBe("true");
  await click("level=info");
  expect(button("level=info").getAttribute("aria-pressed")).toBe("false");
});

it("says that there is no data, which is not 0", async () => {
  answer = { ...ANSWER, series: [] };
  await show();
  await sees("No data: the query has no value in this time");
  expect(document.querySelector("table")).toBeNull();
});

it("says how many series are left out, and what the server warns of", async () => {
  answer = { ...ANSWER, others: 7, warnings: ["Write [1h] or more."] };
  await show();
  await sees("9 series, the 2 with the largest sums are shown");
  expect(text()).toContain("Write [1h] or more.");
});

it("says what is wrong", async () => {
  answer = refusal(400, "Loki does not understand");
  await show();
  await eventually(() => expect(text("[role=alert]")).toContain("does not understand"));
});

it("asks before much is read", async () => {
  const error = { code: "costly", message: "", source: "dashboard" };
  const cost = { bytes: 9e9, limit_bytes: 4e9, huge: true };
  answer = Response.json({ error, cost }, { status: 400 });
  await show();
  await eventually(() => expect(document.querySelector("[data-cost]")).not.toBeNull());
});

it("leads to the lines behind the values", async () => {
  await show();
  await sees("Show the lines behind it");
  await click("Show the lines behind it");
  expect(applied().query).toBe('{service="backend"} |= "timeout"');
});

it("is what a typed metric query becomes; other texts with braces stay plain", async () => {
  await open("/lines", <SearchBox logql={BOUNDS} />);
  const run = async (query: string) => {
    await type(query);
    await act(async () => document.querySelector("form")?.requestSubmit());
  };
  await run('failed with {"code": 7}');
  await eventually(() => expect(applied()).toMatchObject({ query: "", q: ['failed with {"code": 7}'] }));
  await run(QUERY);
  await eventually(() => expect(applied()).toMatchObject({ query: QUERY, q: [] }));
});

it("has no live tail, no export and no order of lines", async () => {
  await open(`/lines?tail=1&query=${encodeURIComponent(QUERY)}`, <Toolbar bounds={BOUNDS} narrow={false} />);
  const live = document.querySelector<HTMLElement>("[role=switch]");
  expect(live?.getAttribute("aria-disabled")).toBe("true");
  expect(live?.title).toContain("no lines to follow");
  await act(async () => live?.click());
  expect(applied().tail).toBe(false);
  expect(text()).not.toContain("Export");
  expect(document.querySelector('[aria-label^="Newest first"]')).toBeNull();
});
