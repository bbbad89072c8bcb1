import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { eventually } from "../../testing/eventually";
import SearchesDialog from "./SearchesDialog";

const HOSTILE = '<img src=x onerror="alert(1)">';

let root: Root;
let sent: unknown[];
let refuse: boolean;

beforeEach(async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  sent = [];
  refuse = false;
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    if (url.includes("/session"))
      return Response.json({ user: { name: "alice", role: "viewer" }, version: "1" });
    if (init.method === "POST") {
      sent.push(JSON.parse(String(init.body)));
      if (refuse)
        return Response.json(
          { error: { code: "bad_request", message: "a search is called so", source: "dashboard" } },
          { status: 400 },
        );
      return Response.json({}, { status: 201 });
    }
    if (init.method === "DELETE") {
      sent.push(url.split("/api/v1/")[1]);
      if (refuse)
        return Response.json(
          { error: { code: "conflict", message: "used by the rule Ops", source: "dashboard" } },
          { status: 409 },
        );
      return new Response(null, { status: 204 });
    }
    const one = { path: "lines", view: "q=a", created_at: "2026-01-01T00:00:00Z" };
    return Response.json({
      searches: [
        { ...one, id: 1, name: "Mine", created_by: "alice", own: true },
        { ...one, id: 2, name: HOSTILE, created_by: "bob", own: false },
      ],
    });
  });
  HTMLDialogElement.prototype.showModal ??= () => {};
  document.body.innerHTML = "<div id=root></div>";
  root = createRoot(document.getElementById("root") as HTMLElement);
});

afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

async function show(address: string): Promise<void> {
  await act(async () => window.history.replaceState(null, "", address));
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  await act(async () =>
    root.render(
      <QueryClientProvider client={client}>
        <SearchesDialog onClose={() => {}} />
      </QueryClientProvider>,
    ),
  );
  await eventually(() => expect(document.querySelectorAll("[data-search-saved]")).toHaveLength(2));
}

async function save(name: string): Promise<void> {
  const input = document.querySelector("input") as HTMLInputElement;
  await act(async () => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, name);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await act(async () => document.querySelector("form")?.requestSubmit());
}

it("saves what is searched, without the open line and the live tail", async () => {
  await show("/lines?level=error&tail=1&line=5-a");
  await save("Errors");
  await eventually(() => expect(sent).toEqual([{ name: "Errors", path: "lines", view: "level=error" }]));
});

it("says why a search is not saved", async () => {
  refuse = true;
  await show("/issues?q=deadlock");
  await save("Mine");
  await eventually(() =>
    expect(document.querySelector("[role=alert]")?.textContent).toBe("a search is called so"),
  );
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
  refuse = true;
  await show("/health");
  await act(async () => document.querySelector<HTMLElement>("[data-search-saved] button")?.click());
  await eventually(() =>
    expect(document.querySelector("[role=alert]")?.textContent).toBe("used by the rule Ops"),
  );
});
