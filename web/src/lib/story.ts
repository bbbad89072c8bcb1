import type { Entry, Story } from "../api/types";
import { formatCount, plural } from "./format";

/** A row of the picture: the lines of one service in one environment. */
export interface Lane {
  name: string;
  env: string;
  /** False for lines that are only near in time. */
  own: boolean;
  entries: readonly Entry[];
}

/** The part of time that the picture shows, in unix nanoseconds. */
export interface Axis {
  start: bigint;
  span: bigint;
}

const NS_PER_MS = 1_000_000n;

/** Lanes in the order in which they first speak, those of the request before the others. */
export function lanesOf({ lines, nearby }: Pick<Story, "lines" | "nearby">): Lane[] {
  return [
    ...group(
      lines.map(({ entry }) => entry),
      true,
    ),
    ...group(nearby, false),
  ];
}

function group(entries: readonly Entry[], own: boolean): Lane[] {
  const lanes = new Map<string, Lane & { entries: Entry[] }>();
  for (const entry of entries) {
    const { service = "", env = "" } = entry.labels;
    const key = JSON.stringify([service, env]);
    const lane = lanes.get(key) ?? { name: service || "no service", env, own, entries: [] };
    lane.entries.push(entry);
    lanes.set(key, lane);
  }
  return [...lanes.values()];
}

/** From the request's first line to its last; at least a millisecond. */
export function axisOf({ lines }: Pick<Story, "lines">): Axis {
  const start = BigInt(lines[0]?.entry.ts ?? "0");
  const span = BigInt(lines.at(-1)?.entry.ts ?? "0") - start;
  return { start, span: span > NS_PER_MS ? span : NS_PER_MS };
}

/** Where a time is on the axis, in percent; null outside of it. */
export function placeOf(ts: string, { start, span }: Axis): number | null {
  const percent = Number(((BigInt(ts) - start) * 10_000n) / span) / 100;
  return percent < 0 || percent > 100 ? null : percent;
}

const STEPS = [1, 2, 5];

/** About five offsets at full steps, in milliseconds from the start. */
export function ticksOf({ span }: Axis): number[] {
  const ms = Number(span) / 1e6;
  const power = 10 ** Math.floor(Math.log10(ms / 5));
  const step = power * (STEPS.find((times) => times * power >= ms / 5) ?? 10);
  return Array.from({ length: Math.floor(ms / step + 1e-9) + 1 }, (_, index) => index * step);
}

/** A span between two lines: "0.4 ms", "85 ms", "2.10 s", "3 min 5 s". */
export function gapWords(ms: number): string {
  if (ms < 10) return `${trim(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${trim((ms / 1000).toFixed(2))} s`;
  const seconds = Math.round(ms / 1000);
  return `${formatCount(Math.floor(seconds / 60))} min ${seconds % 60} s`;
}

/** How long after `from` a time is, with its sign. */
export function offsetWords(ts: string, from: string): string {
  const ms = Number(BigInt(ts) - BigInt(from)) / 1e6;
  if (ms === 0) return "0 ms";
  return `${ms < 0 ? "−" : "+"}${gapWords(Math.abs(ms))}`;
}

/** What is the case, in a sentence. */
export function storyWords(story: Story): string {
  const { lines, cut } = story;
  const [first, last] = [lines[0]?.entry, lines.at(-1)?.entry];
  if (!first || !last) return "No line carries this id";
  const lanes = lanesOf({ lines, nearby: [] });
  const services = new Set(lanes.map(({ name }) => name)).size;
  const took = gapWords(Number(BigInt(last.ts) - BigInt(first.ts)) / 1e6);
  const count = `${cut ? "The newest " : ""}${plural(lines.length, "line")}`;
  return `${count} of ${plural(services, "service")} ${lines.length > 1 ? `within ${took}` : "carries it"}`;
}

/** True for a time in whole seconds, as nginx writes them: it says less than it seems to. */
export function isWholeSecond(ts: string): boolean {
  return /000000\d{3}$/.test(ts);
}

/** True if a line of nginx carries the id. */
export function hasNginx({ lines }: Pick<Story, "lines">): boolean {
  return lines.some(({ entry }) => entry.labels.service === "nginx");
}

function trim(text: string): string {
  return text.replace(/\.?0+$/, "");
}
