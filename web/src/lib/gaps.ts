import type { Entry, LogsResponse } from "../api/types";
import type { SecondGap } from "./rows";
import { nsToMs } from "./time";

/** A page has this many lines of one second when the others are not loaded by themselves. */
const FLOOD_LINES = 100;

type PagePlace = readonly (readonly [string, string])[];

/** Pages of lines in the order of the list, and where each begins. */
export interface Pages {
  pages: LogsResponse[];
  pageParams: PagePlace[];
}

function secondOf({ ts }: Entry): number {
  return Math.floor(nsToMs(ts) / 1000) * 1000;
}

/** The gap at the end of the list: the last page is of one second alone, and that has more. */
export function floodAtEnd(data: Pages | undefined): SecondGap | null {
  const page = data?.pages.at(-1);
  const first = page?.entries[0];
  const last = page?.entries.at(-1);
  if (!data || !page?.next_cursor || page.entries.length < FLOOD_LINES || !first || !last) return null;
  return secondOf(first) === secondOf(last) ? gapAfter(data, data.pages.length - 1, last) : null;
}

/** Where a second was left behind, by the id of the line before. */
export function skippedGaps(data: Pages | undefined): Map<string, SecondGap> {
  const gaps = new Map<string, SecondGap>();
  data?.pages.forEach((page, index) => {
    const last = page.entries.at(-1);
    if (last && isSkip(data.pageParams[index + 1])) gaps.set(last.id, gapAfter(data, index, last));
  });
  return gaps;
}

/** Where the page after a second begins, in either order. */
export function placeBehind({ secondMs }: SecondGap, order: "newest" | "oldest"): PagePlace {
  return order === "newest"
    ? [["end", new Date(secondMs).toISOString()]]
    : [["start", new Date(secondMs + 1000).toISOString()]];
}

/** The pages with one more in a gap; lines beyond its second are there already, and end the gap. */
export function fillGap(data: Pages, gap: SecondGap, page: LogsResponse): Pages {
  const entries = page.entries.filter((entry) => secondOf(entry) === gap.secondMs);
  const complete = entries.length < page.entries.length || page.next_cursor === "";
  const at = gap.page + 1;
  const after = data.pageParams.slice(at);
  return {
    pages: [...data.pages.slice(0, at), { ...page, entries }, ...data.pages.slice(at)],
    pageParams: [...data.pageParams.slice(0, at), [], ...(complete ? [[], ...after.slice(1)] : after)],
  };
}

/** The pages with one more at the end, behind a second that was left. */
export function skipTo(data: Pages, place: PagePlace, page: LogsResponse): Pages {
  return { pages: [...data.pages, page], pageParams: [...data.pageParams, place] };
}

function isSkip(place: PagePlace | undefined): boolean {
  return place?.some(([name]) => name === "start" || name === "end") ?? false;
}

function gapAfter(data: Pages, page: number, last: Entry): SecondGap {
  const secondMs = secondOf(last);
  const loaded = data.pages.reduce(
    (sum, { entries }) => sum + entries.filter((entry) => secondOf(entry) === secondMs).length,
    0,
  );
  return { secondMs, loaded, page };
}
