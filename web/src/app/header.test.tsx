import { beforeEach, describe, expect, it } from "vitest";
import type { Session } from "../api/types";
import { click, eventually, newClient, open, refusal, serve } from "../testing/page";
import { Header } from "./Header";

const SESSION = { user: { name: "admin", role: "admin" } } as Session;

let client: ReturnType<typeof newClient>;
let asked: string[];

beforeEach(() => {
  asked = [];
  serve(({ pathname }) => {
    asked.push(pathname);
    return refusal(502, "Loki does not answer");
  });
});

function show(address: string): Promise<void> {
  client = newClient();
  const nothing = () => {};
  const header = <Header session={SESSION} onHelp={nothing} onPalette={nothing} onShare={nothing} />;
  return open(address, header, client);
}

/** Whether there is a button that is called so. */
function offers(name: RegExp): boolean {
  const all = [...document.querySelectorAll("button")];
  return all.some((one) => name.test(one.getAttribute("aria-label") ?? one.textContent ?? ""));
}

describe("the header", () => {
  it("offers only what acts in the view", async () => {
    const offered = (address: string) => show(address).then(() => [/^Env/, /^Last /, /newest/].map(offers));
    for (const path of ["/", "/issues", "/issues/7", "/issues/7/history", "/lines", "/health", "/alerts"])
      expect([path, ...(await offered(path))]).toEqual([path, true, true, true]);
    expect(await offered("/story?id=abc")).toEqual([false, true, true]);
    expect(await offered("/usage")).toEqual([true, false, true]);
    expect(await offered("/alerts/7")).toEqual([false, false, true]);
    for (const path of ["/snapshots", "/snapshot/7", "/settings/notifications", "/nowhere"])
      expect([path, ...(await offered(path))]).toEqual([path, false, false, false]);
  });

  it("tells the year of a time that is not of this year", async () => {
    const year = new Date().getFullYear();
    await show(`/lines?start=2020-01-02T00:00:00Z&end=${year}-07-15T12:00:00Z`);
    expect(offers(/^2020-01-0\d \d\d:00 – 07-1\d \d\d:00$/)).toBe(true);
  });

  it("asks again for what failed when the newest is wanted, in a range that stands still too", async () => {
    await show("/lines?start=2026-03-01T11:00:00Z&end=2026-03-01T12:00:00Z");
    const failed = () =>
      client.getQueryCache().find({ queryKey: ["labels"], exact: false })?.state.status === "error";
    await eventually(() => expect(failed()).toBe(true));
    const before = asked.length;
    await click("Load the newest");
    await eventually(() => expect(asked.slice(before)).toContain("/api/v1/labels"));
  });
});
