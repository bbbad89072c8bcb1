const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNIT_MS: Record<string, number> = { s: 1000, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

/** Milliseconds of "15m", "1h", "7d"; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,6})([smhdw])$/.exec(text);
  if (!match?.[1] || !match[2]) return null;
  const ms = Number(match[1]) * (UNIT_MS[match[2]] ?? 0);
  return ms > 0 ? ms : null;
}

/** The shortest exact duration text: 5400000 is "90m", 3600000 is "1h". */
export function formatDuration(ms: number): string {
  for (const [unit, size] of [
    ["d", DAY],
    ["h", HOUR],
    ["m", MINUTE],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.max(1, Math.round(ms / 1000))}s`;
}

/** A duration for people: "15 min", "1 h", "7 days". */
export function describeDuration(ms: number): string {
  const text = formatDuration(ms);
  const count = Number.parseInt(text, 10);
  const unit = text.slice(String(count).length);
  const names: Record<string, string> = { s: "s", m: "min", h: "h", d: count === 1 ? "day" : "days" };
  return `${count} ${names[unit] ?? unit}`;
}

/** The same in a sentence, after "in the last": "hour", "15 min", "7 days". */
export function lastSpan(ms: number): string {
  return describeDuration(ms).replace(/^1 (h|day)$/, (_, unit) => (unit === "h" ? "hour" : "day"));
}

/** "just now", "12 s ago", "3 min ago", "2 h ago", "5 days ago"; "in 3 min" for the future. */
export function ago(then: number, now: number): string {
  const delta = now - then;
  const span = Math.abs(delta);
  if (span < 2000) return "just now";
  const words = describeSpan(span);
  return delta > 0 ? `${words} ago` : `in ${words}`;
}

/** A span in its largest unit: "12 s", "3 min", "2 h", "5 days". */
export function describeSpan(ms: number): string {
  if (ms < MINUTE) return `${Math.round(ms / 1000)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} days`;
}

/** Whose clock times are told by: the reader's own, or UTC. */
export type Zone = "local" | "utc";

let zone: Zone = "local";

/** Sets the zone of every time that is shown or typed from here on, also on the canvas of charts: nothing else decides it. */
export function setZone(next: Zone): void {
  zone = next;
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** A date whose UTC fields are what the zone's clock shows. */
function clockOf(ms: number): Date {
  return new Date(ms + zoneShift(ms));
}

/** How far the zone's clock is ahead of UTC at a time, in milliseconds. */
export function zoneShift(ms: number): number {
  return zone === "utc" ? 0 : -new Date(ms).getTimezoneOffset() * MINUTE;
}

/** The zone's name for the server, such as "Asia/Jerusalem". */
export function zoneName(): string {
  return zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** "2025-06-30". */
export function formatDay(ms: number): string {
  const date = clockOf(ms);
  return `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
}

/** "14:03:07", with milliseconds if asked. */
export function formatClock(ms: number, withMs = false): string {
  const date = clockOf(ms);
  const clock = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`;
  return withMs ? `${clock}.${pad(date.getUTCMilliseconds(), 3)}` : clock;
}

/** "14:03". */
export function formatMinute(ms: number): string {
  return formatClock(ms).slice(0, 5);
}

/** Day and time where the zone is said beside it: "2025-06-30 14:03:07". */
export function formatSecond(ms: number): string {
  return `${formatDay(ms)} ${formatClock(ms)}`;
}

/** Day, time and zone: "2025-06-30 14:03:07 UTC+2". */
export function formatExact(ms: number): string {
  return `${formatSecond(ms)} ${zoneOffset(ms)}`;
}

/** "14:03" of today, "2025-06-30 14:03" of other days. */
export function formatMoment(ms: number, now: number): string {
  const day = formatDay(ms);
  const minute = formatMinute(ms) + zoneMark();
  return day === formatDay(now) ? minute : `${day} ${minute}`;
}

/** What follows a short time, so that nobody takes it for the local one: " UTC", or nothing. */
export function zoneMark(): string {
  return zone === "utc" ? " UTC" : "";
}

/** Milliseconds of a unix nanosecond string. */
export function nsToMs(ns: string): number {
  let ms = 0;
  // Digit by digit, without a copy of the text: a list asks for it 100,000 times in one task.
  for (let i = 0; i < ns.length - 6; i++) ms = ms * 10 + ns.charCodeAt(i) - 48;
  return ms;
}

/** Day and time with all nanosecond digits and the zone, so that a copied time is exact. */
export function formatNs(ns: string): string {
  const ms = nsToMs(ns);
  return `${formatSecond(ms)}.${ns.slice(-9).padStart(9, "0")} ${zoneOffset(ms)}`;
}

/** "UTC+2", "UTC−3:30": the zone at that moment. */
export function zoneOffset(ms: number): string {
  const minutes = zoneShift(ms) / MINUTE;
  if (minutes === 0) return "UTC";
  const sign = minutes > 0 ? "+" : "−";
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  return `UTC${sign}${hours}${rest ? `:${pad(rest)}` : ""}`;
}

/** Start and end of the day of a time; one with a change of the clocks is not 24 hours long. */
export function dayBounds(ms: number): { startMs: number; endMs: number } {
  const clock = clockOf(ms);
  const [year, month, day] = [clock.getUTCFullYear(), clock.getUTCMonth(), clock.getUTCDate()];
  const midnight = (of: number) =>
    zone === "utc" ? Date.UTC(year, month, of) : new Date(year, month, of).getTime();
  return { startMs: midnight(day), endMs: midnight(day + 1) };
}

/** A date whose local fields are what the zone's clock shows, but where the local clock leaves an hour out. */
export function fakeLocal(ms: number): Date {
  const date = new Date(ms);
  if (zone === "local") return date;
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const [hour, minute, second] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  return new Date(year, month, day, hour, minute, second, date.getUTCMilliseconds());
}

/** What <input type="datetime-local" step="1"> shows for a time. */
export function toInputTime(ms: number): string {
  return formatSecond(ms).replace(" ", "T");
}

/** The time of such an input; null when it is empty or not a time. */
export function fromInputTime(text: string): number | null {
  const ms = new Date(zone === "utc" ? `${text}Z` : text).getTime();
  return text === "" || Number.isNaN(ms) ? null : ms;
}
