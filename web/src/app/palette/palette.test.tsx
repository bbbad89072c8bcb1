import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Session } from "../../api/types";
import { AnchorProvider } from "../../state/anchor";
import { eventually } from "../../testing/eventually";
import Palette from "./Palette";

const SESSION: Session = { user: { name: "alice", role: "viewer" }, version: "1", external_url: "" };
const HOSTILE = '<img src=x onerror="alert(1)">';

let root: Root;
let asked: URL[];
let closed: number;

beforeEach(async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  asked = [];
  closed = 0;
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(new URL(url));
    if (url.includes("/labels")) {
      return Response.json({
        labels: { service: [{ value: "backend", count: 5 }], env: [{ value: "production", count: 5 }] },
        uncounted: [],
      });
    }
    if (url.includes("/searches")) {
      const saved = {
        id: 3,
        name: "Timeouts",
        path: "lines",
        view: "q=timeout",
        created_by: "bob",
        own: false,
      };
      return Response.json({ searches: [saved] });
    }
    return Response.json({ issues: [{ id: 7, title: HOSTILE, service: "backend", env: "production" }] });
  });
  HTMLDialogElement.prototype.showModal ??= () => {};
  HTMLDialogElement.prototype.close ??= () => {};
  document.body.innerHTML = "<div id=root></div>";
  root = createRoot(document.getElementById("root") as HTMLElement);
  await act(async () => window.history.replaceState(null, "", "/?env=staging"));
  await act(async () =>
    root.render(
      <QueryClientProvider client={new QueryClient()}>
        <AnchorProvider>
          <Palette
            session={SESSION}
            onHelp={() => {}}
            onShare={() => {}}
            onSearches={() => {}}
            onClose={() => closed++}
          />
        </AnchorProvider>
      </QueryClientProvider>,
    ),
  );
});

afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

const field = () => document.querySelector("input") as HTMLInputElement;
const active = () => document.querySelector("[aria-selected=true]")?.getAttribute("data-command");

async function type(value: string): Promise<void> {
  await act(async () => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field(), value);
    field().dispatchEvent(new Event("input", { bubbles: true }));
  });
}

const press = (key: string) =>
  act(async () =>
    field().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })),
  );

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
