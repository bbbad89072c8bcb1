import { describe, expect, it } from "vitest";
import { fixedView, movingView, type Shown, seenBounds, storyBounds } from "./share";
import { formatView, parseView } from "./view";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const HOUR = 3_600_000;
const BOUNDS = { startMs: NOW - 2 * HOUR, endMs: NOW - HOUR };

function shown(path: string, search: string, more: Partial<Shown> = {}): Shown {
  return { path, view: parseView(search), bounds: BOUNDS, zone: "local", issue: "", event: "", ...more };
}

describe("a link to what is seen", () => {
  // Everything that a view's address can hold.
  const ALL =
    "service=backend&level=%21debug&q=pool&not=ping&field=path%3D%2Fapi&query=%7Benv%3D%22x%22%7D&col=path&show=patterns" +
    "&by=service&order=oldest&wrap=1&state=new&assignee=ann&sort=events&line=17-a&c=postgresql&id=abcd";

  it("has all of the view, and the range as it is now", () => {
    const link = formatView(fixedView(shown("/lines", ALL), NOW));
    expect(link).toContain("start=2026-03-01T10%3A00%3A00.000Z&end=2026-03-01T11%3A00%3A00.000Z");
    expect(link.replace(/start=[^&]*&end=[^&]*&/, "")).toBe(ALL);
    expect(parseView(link)).toEqual(fixedView(shown("/lines", ALL), NOW));
  });

  it("says UTC if that is the zone of the times", () => {
    expect(formatView(fixedView(shown("/lines", "", { zone: "utc" }), NOW))).toMatch(/&tz=utc$/);
    expect(formatView(movingView(shown("/", "tz=utc", { zone: "utc" })))).toBe("tz=utc");
    expect(formatView(movingView(shown("/", "tz=local")))).toBe("");
  });

  it("ends a live tail with the moment in which it is made", () => {
    const live = shown("/lines", "tail=1&start=now-15m");
    expect(seenBounds(live, NOW)).toEqual({ startMs: NOW - HOUR / 4, endMs: NOW });
    expect(fixedView(live, NOW)).toMatchObject({ tail: false, range: { endMs: NOW } });
    expect(movingView(live)).toMatchObject({ tail: true, range: { kind: "relative" } });
  });

  it("names the event of an issue that is shown by itself, and keeps one that the address names", () => {
    expect(fixedView(shown("/issues/7", "", { event: "5-a" }), NOW).line).toBe("5-a");
    expect(fixedView(shown("/issues/7", "line=4-b", { event: "5-a" }), NOW).line).toBe("4-b");
  });

  it("goes as far back as the story of a request did", () => {
    const story = shown("/story", "id=abcd");
    expect(seenBounds(story, NOW)).toEqual({ startMs: BOUNDS.endMs - 24 * HOUR, endMs: BOUNDS.endMs });
    expect(storyBounds({ kind: "absolute", ...BOUNDS }, BOUNDS)).toEqual(BOUNDS);
  });
});

it("lets a link to the newest lines go without the one that is open", () => {
  expect(formatView(movingView(shown("/lines", "line=17-a&wrap=1")))).toBe("wrap=1");
  expect(formatView(movingView(shown("/issues/7", "line=17-a")))).toBe("line=17-a");
});
