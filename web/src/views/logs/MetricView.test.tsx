import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LogsMetric } from "../../api/types";
import { AnchorProvider } from "../../state/anchor";
import { parseView } from "../../state/view";
import { eventually } from "../../testing/eventually";
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

let root: Root;
let asked: URL[];
let respond: () => Response;

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  asked = [];
  respond = () => Response.json(ANSWER);
  document.body.innerHTML = '<div id="root"></div>';
  root = createRoot(document.getElementById("root") as HTMLElement);
  vi.stubGlobal("fetch", async (address: string) => {
    const url = new URL(address);
    if (!url.pathname.endsWith("/metric")) return Response.json({ options: [] });
    asked.push(url);
    return respond();
  });
});

afterEach(async () => {
  await act(async () => root.unmount());
  vi.unstubAllGlobals();
});

async function show(address: string, part = <MetricView bounds={BOUNDS} narrow={false} />): Promise<void> {
  window.history.replaceState(null, "", address);
  await act(async () =>
    root.render(
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <AnchorProvider>{part}</AnchorProvider>
      </QueryClientProvider>,
    ),
  );
}

const page = () => document.body.textContent ?? "";
const rows = () => [...document.querySelectorAll("[data-series]")].map((row) => row.textContent);

it("lists the series with what their values come to, and says what was read", async () => {
  await show(`/lines?env=staging&query=${encodeURIComponent(QUERY)}`);
  await eventually(() => expect(rows()).toEqual(["level=error3031.5", "level=info1121.3"]));
  expect(asked[0]?.searchParams.get("query")).toBe(QUERY.replace('backend"', 'backend", env="staging"'));
  expect(asked[0]?.searchParams.get("start")).toBe("1970-01-01T00:00:00.000Z");
  expect(page()).toContain("2 series; a point each 15 s, 2 kB read");
});

it("draws a chosen series alone until it is chosen again", async () => {
  await show(`/lines?query=${encodeURIComponent(QUERY)}`);
  await eventually(() => expect(rows()).toHaveLength(2));
  const button = () => document.querySelector<HTMLElement>('[data-series="level=info"] button');
  await act(async () => button()?.click());
  expect(button()?.getAttribute("aria-pressed")).toBe("true");
  await act(async () => button()?.click());
  expect(button()?.getAttribute("aria-pressed")).toBe("false");
});

it("says that there is no data, which is not 0", async () => {
  respond = () => Response.json({ ...ANSWER, series: [] });
  await show(`/lines?query=${encodeURIComponent(QUERY)}`);
  await eventually(() => expect(page()).toContain("No data: the query has no value in this time"));
  expect(document.querySelector("table")).toBeNull();
});

it("says how many series are left out, and what the server warns of", async () => {
  respond = () => Response.json({ ...ANSWER, others: 7, warnings: ["Write [1h] or more."] });
  await show(`/lines?query=${encodeURIComponent(QUERY)}`);
  await eventually(() => expect(page()).toContain("9 series, the 2 with the largest sums are shown"));
  expect(page()).toContain("Write [1h] or more.");
});

it("says what is wrong, and asks before much is read", async () => {
  respond = () =>
    Response.json(
      { error: { code: "syntax", message: "Loki does not understand", source: "loki" } },
      { status: 400 },
    );
  await show(`/lines?query=${encodeURIComponent(QUERY)}`);
  await eventually(() =>
    expect(document.querySelector("[role=alert]")?.textContent).toContain("does not understand"),
  );
  const cost = { bytes: 9e9, limit_bytes: 4e9, huge: true };
  respond = () =>
    Response.json({ error: { code: "costly", message: "", source: "dashboard" }, cost }, { status: 400 });
  await show("/lines?query=vector(1)");
  await eventually(() => expect(document.querySelector("[data-cost]")).not.toBeNull());
});

it("leads to the lines behind the values", async () => {
  await show(`/lines?query=${encodeURIComponent(QUERY)}`);
  await eventually(() => expect(page()).toContain("Show the lines behind it"));
  const button = [...document.querySelectorAll("button")].find((one) =>
    one.textContent?.includes("Show the lines"),
  );
  await act(async () => button?.click());
  expect(parseView(window.location.search).query).toBe('{service="backend"} |= "timeout"');
});

it("is what a typed metric query becomes; other texts with braces stay plain", async () => {
  await show("/lines", <SearchBox logql={BOUNDS} />);
  const field = () => document.querySelector("input") as HTMLInputElement;
  const type = async (text: string) => {
    await act(async () => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field(), text);
      field().dispatchEvent(new Event("input", { bubbles: true }));
    });
    await act(async () => document.querySelector("form")?.requestSubmit());
  };
  await type('failed with {"code": 7}');
  await eventually(() =>
    expect(parseView(window.location.search)).toMatchObject({ query: "", q: ['failed with {"code": 7}'] }),
  );
  await type(QUERY);
  await eventually(() => expect(parseView(window.location.search)).toMatchObject({ query: QUERY, q: [] }));
});

it("has no live tail, no export and no order of lines", async () => {
  await show(`/lines?tail=1&query=${encodeURIComponent(QUERY)}`, <Toolbar bounds={BOUNDS} narrow={false} />);
  const live = document.querySelector<HTMLElement>("[role=switch]");
  expect(live?.getAttribute("aria-disabled")).toBe("true");
  expect(live?.title).toContain("no lines to follow");
  await act(async () => live?.click());
  expect(parseView(window.location.search).tail).toBe(false);
  expect(page()).not.toContain("Export");
  expect(document.querySelector('[aria-label^="Newest first"]')).toBeNull();
});
