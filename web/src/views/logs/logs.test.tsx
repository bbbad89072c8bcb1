import { act, type ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Entry, LogsSample } from "../../api/types";
import { ContextLines } from "../../lines/ContextLines";
import { parseView } from "../../state/view";
import { click, eventually, open, press, sees, serve, text, type } from "../../testing/page";
import ExportMenu from "./ExportMenu";
import { FieldFacets } from "./FieldFacets";
import PatternList from "./PatternList";
import { SearchBox } from "./SearchBox";

const AT = 1_772_366_400_000_000_000n;
const BOUNDS = { startMs: 0, endMs: 86_400_000 };

function line(offset: bigint): Entry {
  const ts = String(AT + offset);
  return {
    id: `${ts}-1`,
    ts,
    line: `line ${offset}`,
    labels: { service: "backend", level: "error" },
    metadata: {},
  };
}

const SAMPLE: LogsSample = {
  lines: 2000,
  complete: false,
  oldest: "2026-03-01T12:00:00Z",
  warnings: [],
  patterns: [
    {
      template: "game <num> was saved",
      filter: "|>game <_> was saved",
      count: 1500,
      first: "2026-03-01T12:00:00Z",
      last: "2026-03-01T12:30:00Z",
      levels: { info: 1499, error: 1 },
      services: { backend: 1500 },
      example: "game 7 was saved",
    },
  ],
  pattern_filters: true,
  fields: [
    { name: "path", kind: "json", lines: 900, distinct: 14, values: [{ value: "/api/games", count: 800 }] },
    { name: "level", kind: "json", lines: 900, distinct: 1, values: [{ value: "INFO", count: 900 }] },
  ],
};

const LABELS = {
  labels: {
    service: [{ value: "backend", count: 5300 }],
    env: [],
    level: [],
    host: [],
    container: [{ value: "tovplay-backend-1", count: 1 }],
    job: [],
  },
  uncounted: [],
  partial: false,
  warnings: [],
};
const COST = { bytes: 9e9, limit_bytes: 4e9, huge: true };

let asked: URL[];
let huge: boolean;
let sample: LogsSample;

beforeEach(() => {
  asked = [];
  huge = false;
  sample = SAMPLE;
  serve((url) => {
    asked.push(url);
    const refused = huge && !url.pathname.endsWith("/cost") && !url.searchParams.has("cost");
    const error = { code: "costly", message: "", source: "dashboard" };
    return refused ? Response.json({ error, cost: COST }, { status: 400 }) : answer(url);
  });
});

function answer(url: URL): unknown {
  if (url.pathname.endsWith("/cost")) return huge ? COST : { ...COST, bytes: 9e6, huge };
  if (url.pathname.endsWith("/sample")) return sample;
  if (url.pathname.endsWith("/labels")) return LABELS;
  if (url.pathname.endsWith("/completion"))
    return { options: [{ text: "feedback", kind: "json", type: "int" }] };
  const before = url.searchParams.get("direction") === "backward";
  const later = url.searchParams.has("cursor");
  const entries = before ? [line(later ? -2n : -1n)] : [line(0n), line(1n)];
  return { entries, next_cursor: before && !later ? "next" : "", partial: false, warnings: [], stats: {} };
}

const show = (element: ReactNode, search = "") => open(`/lines${search}`, element);

const view = () => parseView(window.location.search);
const shown = () => [...document.querySelectorAll("[data-context-line]")].map((one) => one.textContent ?? "");

describe("the lines before and after a line", () => {
  it("are those of its stream, in the order of time, the line itself once", async () => {
    await show(<ContextLines entry={line(0n)} />);
    await eventually(() => expect(shown()).toHaveLength(3));
    expect(shown().map((text) => text.match(/line (-?\d+)/)?.[1])).toEqual(["-1", "0", "1"]);
    expect(asked[0]?.searchParams.get("service")).toBe("backend");
    expect(asked[0]?.searchParams.has("level")).toBe(false);
  });

  it("grow on one side alone, and say where there is no more", async () => {
    await show(<ContextLines entry={line(0n)} />);
    await eventually(() => expect(shown()).toHaveLength(3));
    await click("10 more before");
    await eventually(() => expect(shown()).toHaveLength(4));
    expect(shown()[0]).toContain("line -2");
    expect(text()).toContain("No earlier line within a day");
    expect(asked).toHaveLength(3);
  });
});

describe("the patterns", () => {
  it("say that they are of a sample, and lead to their lines or leave them out", async () => {
    await show(<PatternList />, "?show=patterns");
    await eventually(() => expect(document.querySelector("[data-pattern]")).not.toBeNull());
    expect(text()).toContain("in a sample: the newest 2,000 lines");
    expect(document.querySelector("[data-pattern]")?.textContent).toContain("INF");
    await click("Hide");
    expect(view()).toMatchObject({ patterns: ["!>game <_> was saved"], show: "patterns" });
    await click("Only");
    expect(view()).toMatchObject({ patterns: ["|>game <_> was saved"], show: "lines" });
  });
});

it("patterns without a filter can be neither kept nor left out, and an old Loki is said", async () => {
  sample = {
    ...SAMPLE,
    pattern_filters: false,
    patterns: SAMPLE.patterns.map((one) => ({ ...one, filter: "" })),
  };
  await show(<PatternList />, "?show=patterns");
  await eventually(() => expect(document.querySelector("[data-pattern]")).not.toBeNull());
  expect(document.querySelectorAll("[data-pattern] button:disabled")).toHaveLength(2);
  expect(text()).toContain("This Loki has no pattern filters");
});

describe("the fields", () => {
  it("are asked for when opened, leave out what is a facet, and filter with a click", async () => {
    await show(<FieldFacets bounds={BOUNDS} />);
    expect(asked).toHaveLength(0);
    await click("Fields");
    await eventually(() => expect(document.querySelectorAll("[data-field]")).toHaveLength(1));
    await click(/path/);
    await click(/api.games/, { altKey: true });
    expect(view().fields).toEqual([{ name: "json.path", value: "/api/games", exclude: true }]);
    expect(text()).toContain("13 rarer values");
  });
});

describe("a query that would read very much", () => {
  it("says its cost, and runs at the reader's word, for as long as filters and range stay", async () => {
    huge = true;
    await show(<PatternList />, "?show=patterns&q=x&start=now-7d");
    await sees("Loki would read up to 9 GB for 7 days");
    await click("Run it all the same");
    await eventually(() => expect(document.querySelector("[data-pattern]")).not.toBeNull());
    expect(asked.map((url) => url.searchParams.get("cost"))).toEqual([null, "any"]);
  });

  it("offers a shorter time, which needs no question", async () => {
    huge = true;
    await show(<PatternList />, "?show=patterns&q=x&start=now-7d");
    await eventually(() => expect(document.querySelector("[data-cost]")).not.toBeNull());
    await click("Look at the last day");
    expect(view().range).toEqual({ kind: "relative", spanMs: 86_400_000 });
  });

  it("is asked about before an export too", async () => {
    huge = true;
    const saved: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(this.href);
    });
    await show(<ExportMenu bounds={BOUNDS} />);
    await choose("Export the lines", "NDJSON");
    await eventually(() => expect(document.querySelector("[data-cost]")).not.toBeNull());
    expect(saved).toHaveLength(0);
    await click("Run it all the same");
    expect(saved).toHaveLength(1);
    expect(saved[0]).toContain("cost=any");
  });
});

/** Opens a menu by the keyboard and chooses one of its items. */
async function choose(label: string, item: string): Promise<void> {
  await press("Enter", {}, document.querySelector(`[aria-label="${label}"]`));
  const items = () => [...document.querySelectorAll("[role=menuitem]")];
  await eventually(() => expect(items()).not.toHaveLength(0));
  const found = items().find(({ textContent }) => textContent?.includes(item));
  await press("Enter", {}, found);
}

describe("the search field", () => {
  it("takes LogQL on Enter, and plain text instead of it", async () => {
    await show(<SearchBox logql={BOUNDS} />, "?q=one&q=two");
    await submit('{service="a"} |= "x"');
    expect(view()).toMatchObject({ query: '{service="a"} |= "x"', q: ["two"] });
    await submit("plain");
    expect(view()).toMatchObject({ query: "", q: ["plain", "two"] });
  });
});

describe("what is typed into the search field", () => {
  const offered = () => [...document.querySelectorAll("[role=option]")].map((one) => one.textContent);

  it("is offered as values of labels and as fields, of the page's environment and time", async () => {
    await show(<SearchBox logql={BOUNDS} />, "?env=staging&q=b&q=other");
    expect(asked).toHaveLength(0);
    await type("Back");
    await eventually(() =>
      expect(offered()).toEqual(["servicebackend5.3k", "containertovplay-backend-11", "feedbackfield"]),
    );
    const params = asked.map((url) => url.searchParams);
    expect(params.every((one) => one.get("env") === "staging" && one.has("end"))).toBe(true);
    expect(params.find((one) => one.has("of"))?.get("of")).toBe("fields");
  });

  it("becomes a filter by the arrows and Enter, and leaves other texts", async () => {
    await show(<SearchBox logql={BOUNDS} />, "?q=b&q=other");
    await type("back");
    await eventually(() => expect(offered()).toHaveLength(3));
    await press("ArrowDown");
    await press("Enter");
    expect(view()).toMatchObject({ q: ["other"], filters: { service: { include: ["backend"] } } });
    expect(document.querySelector("input")?.value).toBe("other");
  });

  it("becomes the beginning of a query for a field", async () => {
    await show(<SearchBox logql={BOUNDS} />);
    await type("feed");
    await eventually(() => expect(offered()).toHaveLength(1));
    await press("ArrowUp");
    await press("Enter");
    expect(document.querySelector<HTMLInputElement>("input")?.value ?? "editor").toMatch(
      /editor|\{job=~"\.\+"\} \| json \| feedback=/,
    );
  });

  it("is searched for as it is on Enter alone, and Escape closes what is offered", async () => {
    await show(<SearchBox logql={BOUNDS} />);
    await type("back");
    await eventually(() => expect(offered()).toHaveLength(3));
    await press("Escape");
    expect(offered()).toHaveLength(0);
    await submit("backe");
    expect(view()).toMatchObject({ q: ["backe"] });
    expect(offered()).toHaveLength(0);
  });
});

async function submit(value: string): Promise<void> {
  await type(value);
  await act(async () => {
    const { form } = document.querySelector("input") as HTMLInputElement;
    form?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  });
}
