import type { Entry } from "../api/types";
import { dayBounds, describeSpan, formatDay, nsToMs, zoneMark } from "./time";

/** What the list of lines is made of: the lines themselves, so that 100,000 of them are a list without 100,000 objects more. */
export type Row = Entry | Break;

/** What stands between lines. */
export type Break =
  | { kind: "day" | "gap"; id: string; label: string }
  | { kind: "more"; id: string; gap: SecondGap };

export function isBreak(row: Row): row is Break {
  return "kind" in row;
}

/** Lines of one second that are not loaded. */
export interface SecondGap {
  /** The start of the second, in unix milliseconds. */
  secondMs: number;
  /** How many lines of it are loaded. */
  loaded: number;
  /** The page before the gap. */
  page: number;
}

/** A pause in the lines at least this long is named in the list. */
const GAP_MS = 10 * 60_000;

/**
 * Groups entries by day and names long pauses between them; the entries' order is kept. `gaps` says
 * behind which entries, by their ids, lines of their second are not loaded.
 */
export function buildRows(
  entries: readonly Entry[],
  gaps: ReadonlyMap<string, SecondGap> = new Map(),
): Row[] {
  const rows: Row[] = [];
  let day = { startMs: 0, endMs: 0 };
  let previous: Entry | undefined;
  let second = "";
  for (const entry of entries) {
    // Within a second there is no pause and no new day: most lines of a long list are only compared.
    if (second === "" || !entry.ts.startsWith(second)) {
      second = entry.ts.slice(0, -9);
      const ms = nsToMs(entry.ts);
      const pause = previous ? Math.abs(ms - nsToMs(previous.ts)) : 0;
      if (pause >= GAP_MS) {
        rows.push({ kind: "gap", id: `gap-${entry.id}`, label: `${describeSpan(pause)} without lines` });
      }
      if (ms < day.startMs || ms >= day.endMs) {
        day = dayBounds(ms);
        rows.push({ kind: "day", id: `day-${entry.id}`, label: formatDay(ms) + zoneMark() });
      }
    }
    previous = entry;
    rows.push(entry);
    const skipped = gaps.size > 0 && gaps.get(entry.id);
    if (skipped) rows.push({ kind: "more", id: `more-${entry.id}`, gap: skipped });
  }
  return rows;
}
