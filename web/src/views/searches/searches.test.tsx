import { act } from "react";
import { beforeEach, expect, it } from "vitest";
import { eventually, open, refusal, serve, text, type } from "../../testing/page";
import SearchesDialog from "./SearchesDialog";

const HOSTILE = '<img src=x onerror="alert(1)">';
const ONE = { path: "lines", view: "q=a", created_at: "2026-01-01T00:00:00Z" };
const SEARCHES = [
  { ...ONE, id: 1, name: "Mine", created_by: "alice", own: true },
  { ...ONE, id: 2, name: HOSTILE, created_by: "bob", own: false },
];

let sent: unknown[];
let refusing: string;

beforeEach(() => {
  sent = [];
  refusing = "";
  serve((url, method, body) => {
    const path = url.pathname.split("/api/v1/")[1];
    if (path === "session") return { user: { name: "alice", role: "viewer" }, version: "1" };
    if (method === "GET") return { searches: SEARCHES };
    sent.push(body ?? path);
    if (refusing) return refusal(409, refusing);
    return new Response(null, { status: 204 });
  });
});

async function show(address: string): Promise<void> {
  await open(address, <SearchesDialog onClose={() => {}} />);
  await eventually(() => expect(document.querySelectorAll("[data-search-saved]")).toHaveLength(2));
}

async function save(name: string): Promise<void> {
  await type(name);
  await act(async () => document.querySelector("form")?.requestSubmit());
}

it("saves what is searched, without the open line and the live tail", async () => {
  await show("/lines?level=error&tail=1&line=5-a");
  await save("Errors");
  await eventually(() => expect(sent).toEqual([{ name: "Errors", path: "lines", view: "level=error" }]));
});

it("says why a search is not saved", async () => {
  refusing = "a search is called so";
  await show("/issues?q=deadlock");
  await save("Mine");
  await eventually(() => expect(text("[role=alert]")).toBe(refusing));
});

it("marks one's own, and lets only these be deleted", async () => {
  await show("/health");
  expect(document.querySelector("form")).toBeNull();
  expect(document.querySelector("img")).toBeNull();
  const [mine, other] = document.querySelectorAll("[data-search-saved]");
  expect(mine?.textContent).toContain("yours");
  expect(other?.textContent).toContain("by bob");
  expect(other?.querySelector("button")).toBeNull();
  await act(async () => mine?.querySelector("button")?.click());
  await eventually(() => expect(sent).toEqual(["searches/1"]));
});

it("says which rule keeps a search from being deleted", async () => {
  refusing = "used by the rule Ops";
  await show("/health");
  await act(async () => document.querySelector<HTMLElement>("[data-search-saved] button")?.click());
  await eventually(() => expect(text("[role=alert]")).toBe(refusing));
});
