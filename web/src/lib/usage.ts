import type { UsageAmount, UsageDay, UsageResponse, UsageService } from "../api/types";
import type { UsageUnit } from "../state/view";
import { formatBytes, formatCount, formatShort, plural } from "./format";
import { formatDay } from "./time";

/** "Tue 24 Nov". */
export function dayName(start: string): string {
  const date = new Date(formatDay(Date.parse(start)));
  const part = (options: Intl.DateTimeFormatOptions) =>
    date.toLocaleDateString("en-US", { ...options, timeZone: "UTC" });
  return `${part({ weekday: "short" })} ${part({ day: "numeric" })} ${part({ month: "short" })}`;
}

/** "backend", or what streams without the label are called. */
export function serviceName(service: string): string {
  return service || "no service";
}

/** "4.1 GB" or "12,480 lines". */
export function amountText(value: number, unit: UsageUnit): string {
  if (unit === "bytes") return formatBytes(Math.round(value));
  return value < 10_000 ? plural(value, "line") : `${formatShort(value)} lines`;
}

/** A change in words: "+38 %", "−4 %", "3×", "new"; "" when it is not known. */
export function growthText(now: number, before: number | undefined): string {
  if (before === undefined) return "";
  if (before === 0) return now === 0 ? "" : "new";
  const change = now / before - 1;
  if (change >= 2) return `${(now / before).toFixed(now / before < 10 ? 1 : 0).replace(/\.0$/, "")}×`;
  const percent = Math.round(Math.abs(change) * 100);
  if (percent === 0) return "±0 %";
  return `${change > 0 ? "+" : "−"}${percent} %`;
}

/** The answer first: how much in which time, and how that compares. */
export function usageWords({ days, total, before, first_line }: UsageResponse, unit: UsageUnit): string {
  const whole = before !== null || days.every(({ state }) => state !== "no_data");
  const since = first_line && Date.parse(first_line) > Date.parse(days[0]?.start ?? "");
  const when = !whole && since ? `since ${dayName(first_line)}` : `in ${days.length} days`;
  const much = `${amountText(total[unit], unit)} ${when}`;
  if (before === null) return much;
  const growth = growthText(total[unit], before[unit]);
  const than = `the ${days.length} days before`;
  if (growth === "new") return `${much}, none in ${than}`;
  if (growth === "±0 %") return `${much}, as much as in ${than}`;
  return growth.endsWith("×") ? `${much}, ${growth} as much as in ${than}` : `${much}, ${growth} on ${than}`;
}

/** A change below this part of all is not worth a sentence. */
const MOVER_LEAST = 0.05;

/** Who grew or shrank most, and since when it logs more; "" for nobody. */
export function moverWords({ days, services, before, jumps, total }: UsageResponse, unit: UsageUnit): string {
  if (before === null && total.lines > 0) {
    return `How it grows is told when the ${days.length} days before are known as well.`;
  }
  const change = (service: UsageService) => service[unit] - (service.before?.[unit] ?? 0);
  const [mover] = before ? [...services].sort((a, b) => Math.abs(change(b)) - Math.abs(change(a))) : [];
  if (before && mover && Math.abs(change(mover)) >= MOVER_LEAST * Math.max(before[unit], 1)) {
    const jump = jumps.find(({ service }) => service === mover.service);
    const grew = change(mover) > 0;
    const since = grew && jump ? `, with a jump on ${dayName(days[jump.day]?.start ?? "")}` : "";
    const by = amountText(Math.abs(change(mover)), unit);
    return `${serviceName(mover.service)} ${grew ? "grew" : "shrank"} by ${by}${since}.`;
  }
  return "";
}

/** One colour of the stacked days. */
export interface UsageSeries {
  label: string;
  /** Name of the colour token, without "--". */
  token: string;
  /** The services in it: one, or the rest. */
  services: readonly string[];
  values: readonly number[];
  total: number;
}

const MAX_SERIES = 5;

/** The services that log most, in a fixed order so that a refresh does not recolour them, and the rest as "other". */
export function usageSeries({ services, days }: UsageResponse, unit: UsageUnit): UsageSeries[] {
  const ranked = [...services].sort((a, b) => b[unit] - a[unit]);
  const top = ranked.slice(0, MAX_SERIES).sort((a, b) => a.service.localeCompare(b.service));
  const series = top.map((one, index) =>
    seriesOf(serviceName(one.service), `series-${index + 1}`, [one], days, unit),
  );
  const rest = ranked.slice(MAX_SERIES);
  return rest.length === 0 ? series : [...series, seriesOf("other", "series-other", rest, days, unit)];
}

function seriesOf(
  label: string,
  token: string,
  members: readonly UsageService[],
  days: readonly UsageDay[],
  unit: UsageUnit,
): UsageSeries {
  const values = days.map((_, index) =>
    members.reduce((sum, { daily }) => sum + (daily[index]?.[unit] ?? 0), 0),
  );
  return {
    label,
    token,
    services: members.map(({ service }) => service),
    values,
    total: values.reduce((sum, value) => sum + value, 0),
  };
}

/** Round, whole values of an axis from 0 to at least `max`, in at most five steps of 1, 2 or 5 times a power of ten. */
export function axisTicks(max: number): number[] {
  if (max <= 0) return [0, 1];
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((one) => one * power >= rough) ?? 10;
  const step = Math.max(1, factor * power);
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, index) => index * step);
}

/** The indices of days that have their name under the axis, today always: at most `most`. */
export function labelledDays(count: number, most: number): number[] {
  const every = Math.ceil(count / most);
  return Array.from({ length: count }, (_, index) => index).filter(
    (index) => (count - 1 - index) % every === 0,
  );
}

/** True for a day of which it is not known how much was logged. */
export function isUnknown({ state }: UsageDay): boolean {
  return state === "no_data" || state === "not_counted";
}

/** How many days a total is of: those over, and what has passed of today. */
export function elapsedDays(days: readonly UsageDay[], now: number): number {
  return days.reduce((sum, { state, start, end }) => {
    if (state === "full") return sum + 1;
    if (state !== "so_far") return sum;
    const [from, to] = [Date.parse(start), Date.parse(end)];
    return sum + Math.min(1, Math.max(0, (now - from) / (to - from)));
  }, 0);
}

/** "12 %", "< 1 %", "—" of nothing. */
export function shareText(part: number, of: number): string {
  if (of === 0) return "—";
  const percent = (part / of) * 100;
  return percent > 0 && percent < 1 ? "< 1 %" : `${Math.round(percent)} %`;
}

/** The mean size of a line; "—" without lines, and where Loki rounds their bytes to nothing. */
export function lineSize({ bytes, lines }: UsageAmount): string {
  return lines === 0 || bytes === 0 ? "—" : formatBytes(Math.round(bytes / lines));
}

/** What stands for the bytes of a service with few lines, which Loki rounds to nothing. */
export function bytesText({ bytes, lines }: UsageAmount): string {
  return bytes === 0 && lines > 0 ? "< 1 kB" : formatBytes(bytes);
}

/** Lines as they stand in a table. */
export function linesText(lines: number): string {
  return lines < 1_000_000 ? formatCount(lines) : formatShort(lines);
}
