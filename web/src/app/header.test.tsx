import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Session } from "../api/types";
import { AnchorProvider } from "../state/anchor";
import { eventually } from "../testing/eventually";
import { Header } from "./Header";

const SESSION = { user: { name: "admin", role: "admin" } } as Session;

let root: Root;
let client: QueryClient;
let asked: string[];

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  asked = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(new URL(url).pathname);
    const error = { code: "unavailable", message: "Loki does not answer", source: "loki" };
    return Response.json({ error }, { status: 502 });
  });
  document.body.innerHTML = "<div id=root></div>";
  root = createRoot(document.getElementById("root") as HTMLElement);
});

afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

async function show(address: string): Promise<void> {
  await act(async () => window.history.replaceState(null, "", address));
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const nothing = () => {};
  await act(async () =>
    root.render(
      <QueryClientProvider client={client}>
        <AnchorProvider>
          <Header session={SESSION} onHelp={nothing} onPalette={nothing} onShare={nothing} />
        </AnchorProvider>
      </QueryClientProvider>,
    ),
  );
}

function button(name: RegExp): HTMLButtonElement | undefined {
  const all = [...document.querySelectorAll("button")];
  return all.find((one) => name.test(one.getAttribute("aria-label") ?? one.textContent ?? ""));
}

describe("the header", () => {
  it("offers only what acts in the view", async () => {
    const offered = (address: string) =>
      show(address).then(() => [/^Env/, /^Last /, /newest/].map((name) => !!button(name)));
    for (const path of ["/", "/issues", "/issues/7", "/issues/7/history", "/lines", "/health", "/alerts"])
      expect([path, ...(await offered(path))]).toEqual([path, true, true, true]);
    expect(await offered("/story?id=abc")).toEqual([false, true, true]);
    expect(await offered("/usage")).toEqual([true, false, true]);
    expect(await offered("/alerts/7")).toEqual([false, false, true]);
    for (const path of ["/snapshots", "/snapshot/7", "/settings/notifications", "/nowhere"])
      expect([path, ...(await offered(path))]).toEqual([path, false, false, false]);
  });

  it("asks again for what failed when the newest is wanted, in a range that stands still too", async () => {
    await show("/lines?start=2026-03-01T11:00:00Z&end=2026-03-01T12:00:00Z");
    const failed = () =>
      client.getQueryCache().find({ queryKey: ["labels"], exact: false })?.state.status === "error";
    await eventually(() => expect(failed()).toBe(true));
    const before = asked.length;
    await act(async () => button(/newest/)?.click());
    await eventually(() => expect(asked.slice(before)).toContain("/api/v1/labels"));
  });
});
