import { describe, expect, it } from "vitest";
import type { Entry, LogsResponse } from "../api/types";
import { fillGap, floodAtEnd, type Pages, placeBehind, skippedGaps, skipTo } from "./gaps";

const SECOND = Date.parse("2026-03-01T12:00:00Z");
const GAP = { secondMs: SECOND, loaded: 200, page: 0 };

/** Lines of a second, newest first, from number `from` down. */
function lines(count: number, from: number, secondMs = SECOND): Entry[] {
  return Array.from({ length: count }, (_, index) => {
    const ts = String(BigInt(secondMs) * 1_000_000n + BigInt(from - index));
    return { id: ts, ts, line: "x", labels: {}, metadata: {} };
  });
}

function page(entries: Entry[], next_cursor = "next"): LogsResponse {
  const stats = { bytes_processed: 0, lines_processed: 0, took_ms: 0 };
  return { entries, next_cursor, partial: false, warnings: [], stats };
}

const START: Pages = { pages: [page(lines(200, 1000))], pageParams: [[]] };
const BEFORE = page(lines(200, 5, SECOND - 1000));

describe("a second with more lines than a page", () => {
  it("is where the list ends for now", () => {
    expect(floodAtEnd(START)).toEqual(GAP);
  });

  it.each([
    ["the page has two seconds", page([...lines(199, 1000), ...lines(1, 5, SECOND - 1000)])],
    ["the range ends", page(lines(200, 1000), "")],
    ["the page is short", page(lines(99, 1000))],
    ["there are none", page([])],
  ])("is not where %s", (_, one) => {
    expect(floodAtEnd({ pages: [one], pageParams: [[]] })).toBeNull();
  });

  it("can be left, and stays a gap behind its last line", () => {
    const place = placeBehind(GAP, "newest");
    expect(place).toEqual([["end", "2026-03-01T12:00:00.000Z"]]);
    expect(placeBehind(GAP, "oldest")).toEqual([["start", "2026-03-01T12:00:01.000Z"]]);
    const left = skipTo(START, place, BEFORE);
    expect(skippedGaps(left)).toEqual(new Map([[START.pages[0]?.entries.at(-1)?.id, GAP]]));
  });

  it("is loaded page by page where it was left, each line once, until nothing is missing", () => {
    const left = skipTo(START, placeBehind(GAP, "newest"), BEFORE);
    const more = fillGap(left, GAP, page(lines(200, 800)));
    const [gap] = skippedGaps(more).values();
    expect(gap).toEqual({ secondMs: SECOND, loaded: 400, page: 1 });
    const over = page([...lines(112, 600), ...lines(88, 5, SECOND - 1000)]);
    const whole = fillGap(more, gap ?? GAP, over);
    expect(skippedGaps(whole).size).toBe(0);
    const ids = whole.pages.flatMap(({ entries }) => entries.map(({ id }) => id));
    expect(ids).toHaveLength(200 + 200 + 112 + 200);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual([...ids].sort().reverse());
  });

  it("is complete where its page is the end of the range", () => {
    const left = skipTo(START, placeBehind(GAP, "newest"), page([], ""));
    expect(skippedGaps(fillGap(left, GAP, page(lines(3, 800), ""))).size).toBe(0);
  });
});
