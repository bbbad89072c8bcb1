import type { ReactNode } from "react";
import { beforeEach, describe, expect, it } from "vitest";
import type { Entry, Snapshot, SnapshotContent } from "../../api/types";
import { parseView } from "../../state/view";
import { button, click, eventually, open, sees, serve, text } from "../../testing/page";
import ShareDialog from "../share/ShareDialog";
import SnapshotsView from "./SnapshotsView";
import SnapshotView from "./SnapshotView";

const HOSTILE = '<img src=x onerror="alert(1)">';
const VIEW = "service=backend&start=2026-03-01T11%3A00%3A00.000Z&end=2026-03-01T13%3A00%3A00.000Z&wrap=1";

const SNAPSHOT: Snapshot = {
  id: "ABC",
  title: HOSTILE,
  path: "lines",
  view: VIEW,
  lines: 2,
  total: 12_480,
  created_by: "ann",
  created_at: "2026-03-01T14:03:00Z",
  expires_at: null,
  bytes: 2048,
  own: false,
};

function entry(id: string, line: string): Entry {
  return {
    id,
    ts: "1772366400000000000",
    line,
    labels: { service: "backend", level: "error" },
    metadata: {},
  };
}

let asked: { url: URL; method: string; body: unknown }[];
let content: SnapshotContent["content"];

beforeEach(() => {
  asked = [];
  content = {
    lines: {
      entries: [entry("a", "pool timeout"), entry("b", "deadlock")],
      partial: false,
      warnings: ["the lines were not counted"],
      volume: null,
    },
    issue: null,
    story: null,
  };
  serve((url, method, body) => {
    asked.push({ url, method, body });
    if (method === "DELETE") return new Response(null, { status: 204 });
    if (url.pathname.endsWith("/session")) return { user: { name: "root", role: "admin" } };
    if (url.pathname.endsWith("/snapshots/ABC")) return { snapshot: SNAPSHOT, content };
    if (method === "POST") return { ...SNAPSHOT, title: "Errors" };
    if (url.pathname.endsWith("/snapshots")) return { snapshots: [SNAPSHOT] };
    return { newest: { ts: "5", id: "a" } };
  });
});

async function show(address: string, element: ReactNode, until: string): Promise<void> {
  await open(address, element);
  await sees(until);
}

describe("a snapshot", () => {
  it("says since when it stands still, by whom and how much it is; its title is text", async () => {
    await show("/snapshot/ABC", <SnapshotView id="ABC" />, "Frozen");
    const said = document.querySelector("[data-frozen]")?.textContent ?? "";
    expect(said).toMatch(/^Frozen 2026-03-01 .* by ann, 2 of 12,480 lines\. Kept for ever\.$/);
    expect(text()).toContain(HOSTILE);
    expect(document.querySelector("img")).toBeNull();
    expect(text()).toContain("the lines were not counted");
  });

  it("takes up the view that was frozen when its address is bare, and leaves another one alone", async () => {
    await show("/snapshot/ABC", <SnapshotView id="ABC" />, "Frozen");
    expect(window.location.search).toBe(`?${VIEW}`);
    await show("/snapshot/ABC?q=pool", <SnapshotView id="ABC" />, "Frozen");
    expect(window.location.search).toBe("?q=pool");
  });

  it("is narrowed by a word without asking Loki, and shown whole again", async () => {
    await show(
      `/snapshot/ABC?${VIEW}&q=deadlock`,
      <SnapshotView id="ABC" />,
      "1 of the 2 lines that are kept",
    );
    await click("Show all");
    expect(text()).not.toContain("lines that are kept");
    expect(asked.filter(({ url }) => !url.pathname.includes("/snapshots/"))).toEqual([]);
  });

  it("shows the story of a request as it was", async () => {
    content = {
      lines: null,
      issue: null,
      story: {
        id: "abcd",
        start: "2026-03-01T11:00:00Z",
        end: "2026-03-01T13:00:00Z",
        lines: [{ entry: entry("a", "request abcd served"), gap_ms: null, found_in: "text" }],
        cut: true,
        nearby: [],
        nearby_cut: false,
        partial: false,
        warnings: [],
      },
    };
    await show("/snapshot/ABC", <SnapshotView id="ABC" />, "served");
    expect(text()).toContain("Only the newest 1 line");
  });
});

describe("the list of snapshots", () => {
  it("says what is kept for how long, and an admin deletes what others froze", async () => {
    await show("/snapshots", <SnapshotsView />, "1 snapshot, 2 kB on disk");
    expect(text()).toContain("Logs · 2 of 12,480 lines · frozen");
    expect(text()).toContain("kept for ever");
    const isDeleted = () =>
      asked.some(({ url, method }) => method === "DELETE" && url.pathname.endsWith("/snapshots/ABC"));
    await eventually(() => button(`Delete ${HOSTILE}`));
    await click(`Delete ${HOSTILE}`);
    await click("Keep");
    await click(`Delete ${HOSTILE}`);
    expect(isDeleted()).toBe(false);
    await click("Delete for good");
    expect(isDeleted()).toBe(true);
  });
});

describe("freezing", () => {
  const posted = () =>
    asked.find(({ method }) => method === "POST")?.body as Record<string, string> | undefined;

  it("sends what is seen, for the dashboard to read it itself, and offers the link", async () => {
    await show(
      "/lines?service=backend&level=error&q=pool&order=oldest",
      <ShareDialog onClose={() => {}} />,
      "Freeze",
    );
    await click("Freeze");
    await sees("Frozen: 2 of 12,480 lines.");
    const { of, title, params, view, days } = posted() ?? {};
    expect({ of, title, days }).toEqual({ of: "lines", title: "backend · error · “pool”", days: 30 });
    expect(Object.fromEntries(new URLSearchParams(params))).toMatchObject({
      service: "backend",
      level: "error",
      q: "pool",
      direction: "forward",
      by: "level",
    });
    expect(parseView(view ?? "")).toMatchObject({ order: "oldest", range: { kind: "absolute" } });
    expect(new URLSearchParams(params).get("end")).toBe(new URLSearchParams(view).get("end"));
  });

  it("proposes a title that can be printed, whatever was looked for", async () => {
    await show("/lines?q=a%1b%5B31m%0Ab", <ShareDialog onClose={() => {}} />, "Freeze");
    await click("Freeze");
    await eventually(() => expect(posted()?.title).toContain("a [31m b"));
    expect(posted()?.title).not.toMatch(/\p{Cc}/u);
  });

  it("is of the event that an issue shows", async () => {
    await show("/issues/7", <ShareDialog onClose={() => {}} />, "Freeze it");
    await click("Freeze");
    await eventually(() => expect(posted()?.params).toBe("issue=7&ts=5&id=a"));
  });

  it("is not offered where nothing would be lost", async () => {
    await show("/health", <ShareDialog onClose={() => {}} />, "Share this view");
    expect(text()).not.toContain("Freeze");
    await show("/story", <ShareDialog onClose={() => {}} />, "Share this view");
    expect(text()).not.toContain("Freeze");
  });
});
