import type { Entry } from "../api/types";
import { dayBounds, describeSpan, formatDay, nsToMs, zoneMark } from "./time";

/** What the list of lines is made of. */
export type Row =
  | { kind: "entry"; key: string; entry: Entry }
  | { kind: "day"; key: string; label: string }
  | { kind: "gap"; key: string; label: string }
  | { kind: "more"; key: string; gap: SecondGap };

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
  let previous: number | null = null;
  for (const entry of entries) {
    const ms = nsToMs(entry.ts);
    const pause = previous === null ? 0 : Math.abs(ms - previous);
    if (pause >= GAP_MS) {
      rows.push({ kind: "gap", key: `gap-${entry.id}`, label: `${describeSpan(pause)} without lines` });
    }
    if (ms < day.startMs || ms >= day.endMs) {
      day = dayBounds(ms);
      rows.push({ kind: "day", key: `day-${entry.id}`, label: formatDay(ms) + zoneMark() });
    }
    rows.push({ kind: "entry", key: entry.id, entry });
    const skipped = gaps.get(entry.id);
    if (skipped) rows.push({ kind: "more", key: `more-${entry.id}`, gap: skipped });
    previous = ms;
  }
  return rows;
}
