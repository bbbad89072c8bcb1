import { beforeEach, expect, it } from "vitest";
import type { Session } from "../../api/types";
import { eventually, open, press, serve, type } from "../../testing/page";
import Palette from "./Palette";

const SESSION: Session = { user: { name: "alice", role: "viewer" }, version: "1", external_url: "" };
const HOSTILE = '<img src=x onerror="alert(1)">';
const SAVED = { id: 3, name: "Timeouts", path: "lines", view: "q=timeout", created_by: "bob", own: false };
const LABELS = {
  labels: { service: [{ value: "backend", count: 5 }], env: [{ value: "production", count: 5 }] },
  uncounted: [],
};

let asked: URL[];
let closed: number;

beforeEach(async () => {
  asked = [];
  closed = 0;
  serve((url) => {
    asked.push(url);
    if (url.pathname.endsWith("/labels")) return LABELS;
    if (url.pathname.endsWith("/searches")) return { searches: [SAVED] };
    return { issues: [{ id: 7, title: HOSTILE, service: "backend", env: "production" }] };
  });
  await open(
    "/?env=staging",
    <Palette
      session={SESSION}
      onHelp={() => {}}
      onShare={() => {}}
      onSearches={() => {}}
      onClose={() => closed++}
    />,
  );
});

const active = () => document.querySelector("[aria-selected=true]")?.getAttribute("data-command");

it("goes to a view by its name and Enter, and keeps the environment", async () => {
  await type("heal");
  await press("Enter");
  expect(window.location.pathname + window.location.search).toBe("/health?env=staging");
});

it("chooses with the arrows, round the ends", async () => {
  const first = active();
  await press("ArrowDown");
  expect(active()).not.toBe(first);
  await press("ArrowUp");
  expect(active()).toBe(first);
  await press("ArrowUp");
  expect(document.querySelector("[role=listbox]")?.lastElementChild?.getAttribute("aria-selected")).toBe(
    "true",
  );
});

it("leads to the story of a pasted id at once, and keeps the environment", async () => {
  await type("1f734a8c-4961-487b");
  expect(active()).toBe("story");
  await press("Enter");
  expect(window.location.pathname + window.location.search).toBe("/story?env=staging&id=1f734a8c-4961-487b");
});

it("finds services, times and issues; titles are text", async () => {
  await eventually(() => expect(document.querySelector("[data-command='service backend']")).not.toBeNull());
  await type("frame of an issue");
  await eventually(() =>
    expect(document.querySelector("[data-command='issue 7']")?.textContent).toContain(HOSTILE),
  );
  expect(document.querySelector("img")).toBeNull();
  const searches = asked.filter(({ pathname }) => pathname.endsWith("/issues"));
  expect(searches.map(({ searchParams }) => searchParams.get("env"))).toEqual(["staging"]);
  const counts = asked.filter(({ pathname }) => pathname.endsWith("/labels"));
  expect(counts.every(({ searchParams }) => searchParams.get("env") === "staging")).toBe(true);
  await type("15 min");
  await press("Enter");
  expect(window.location.search).toContain("start=now-15m");
});

it("offers settings to admins alone", async () => {
  await type("notifications");
  expect(active()).toBe("lines");
  expect(closed).toBe(0);
});

it("leads to the searches that others saved", async () => {
  await eventually(() =>
    expect(document.querySelector("[data-command='search 3']")?.textContent).toContain("by bob"),
  );
  await type("timeouts");
  await press("Enter");
  expect(window.location.pathname + window.location.search).toBe("/lines?q=timeout");
});

it("sets the range that was typed", async () => {
  await type("now-90m");
  expect(active()).toBe("range 5400000");
  await press("Enter");
  expect(window.location.search).toBe("?env=staging&start=now-90m");
});

it("shows the minutes around a time of day", async () => {
  await type("0:00:00");
  expect(active()).toBe("range");
  await press("Enter");
  const query = new URLSearchParams(window.location.search);
  expect(Date.parse(query.get("end") ?? "") - Date.parse(query.get("start") ?? "")).toBe(600_000);
});
