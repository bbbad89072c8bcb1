import type { TimeRange } from "../state/view";
import { formatDay, fromInputTime } from "./time";

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const SPAN =
  /^(?:last|past|now\s*-|-)?\s*(\d{1,6}(?:\.\d+)?)\s*(s|sec|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$/;
const LAST_ONE = /^(?:last|past)\s+(minute|hour|day|week)$/;
const CLOCK = /^(?:(\d{4}-\d\d-\d\d)[ t])?(\d{1,2}):(\d\d)(?::(\d\d))?$/;
/** How much is shown before and after a time of day. */
const AROUND_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/**
 * The range that a text means: "30m", "3 h", "now-90m", "last 30 min" end now; "11:08" and "2026-03-01 11:08" are ten
 * minutes around that time, the last there was. Null for any other text.
 */
export function typedRange(text: string, now: number): TimeRange | null {
  const said = text.trim().toLowerCase();
  const [, one] = LAST_ONE.exec(said) ?? [];
  const [, count, unit] = one ? ["", "1", one] : (SPAN.exec(said) ?? []);
  if (count && unit) {
    const spanMs = Math.round(Number(count) * (UNIT_MS[unit.charAt(0)] ?? 0));
    return spanMs >= 1000 ? { kind: "relative", spanMs: spanMs - (spanMs % 1000) } : null;
  }
  const [, day, hour, minute, second = "00"] = CLOCK.exec(said) ?? [];
  if (!hour || !minute) return null;
  const on = (date: string) => fromInputTime(`${date}T${hour.padStart(2, "0")}:${minute}:${second}`);
  const today = on(day ?? formatDay(now));
  const middle = !day && today !== null && today > now ? on(formatDay(now - DAY_MS)) : today;
  return middle === null
    ? null
    : { kind: "absolute", startMs: middle - AROUND_MS, endMs: middle + AROUND_MS };
}
