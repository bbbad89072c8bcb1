import type { VolumeResponse, VolumeSeries } from "../api/types";
import { ERROR_LEVELS } from "./levels";

/** One colour of a stacked chart. */
export interface ChartSeries {
  label: string;
  /** Name of the colour token, without "--". */
  token: string;
  /** Label values that the series holds; clicking it filters by them. Empty for "other". */
  values: readonly string[];
  total: number;
  counts: readonly number[];
}

export interface ChartData {
  /** What is counted, "line" by default. */
  unit?: string;
  stepMs: number;
  /** Start of each bucket in unix milliseconds, without holes. */
  starts: readonly number[];
  /** What is counted; the first and the last bucket may reach beyond it, and have less then. */
  startMs: number;
  endMs: number;
  /** From the bottom of the stack to its top. */
  series: readonly ChartSeries[];
  totals: readonly number[];
  total: number;
}

const MAX_BUCKETS = 2000;
const MAX_SERIES = 5;
const MIN_GAP_MS = 2 * 60_000;

const LEVEL_GROUPS: readonly { label: string; token: string; values: readonly string[] }[] = [
  { label: "critical", token: "level-critical", values: ["fatal", "critical"] },
  { label: "error", token: "level-error", values: ["error"] },
  { label: "warn", token: "level-warn", values: ["warn"] },
  { label: "info", token: "level-info", values: ["info"] },
  { label: "debug, other", token: "level-trace", values: ["debug", "trace", "unknown"] },
];

/** The colour of a level; undefined for what is none. */
export function levelToken(level: string | undefined): string | undefined {
  return LEVEL_GROUPS.find(({ values }) => values.some((one) => one === level))?.token;
}

/** Counts stacked by level, the gravest at the bottom, where its height can be read off. */
export function chartByLevel(volume: VolumeResponse): ChartData {
  const known = new Set(LEVEL_GROUPS.flatMap((group) => group.values));
  return chart(
    volume,
    LEVEL_GROUPS.map((group, index) => ({
      ...group,
      members: volume.series.filter((series) => {
        const level = series.labels.level ?? "unknown";
        return group.values.includes(level) || (index === LEVEL_GROUPS.length - 1 && !known.has(level));
      }),
    })),
  );
}

/** Counts stacked by service: the given names in their order, the rest as "other". */
export function chartByService(volume: VolumeResponse, names: readonly string[]): ChartData {
  const groups = names.map((name, index) => ({
    label: name,
    token: `series-${index + 1}`,
    values: [name],
    members: volume.series.filter((series) => serviceOf(series) === name),
  }));
  const rest = volume.series.filter((series) => !names.includes(serviceOf(series)));
  const other = { label: "other", token: "series-other", values: [], members: rest };
  return chart(volume, rest.length > 0 ? [...groups, other] : groups);
}

/**
 * The services that get a colour of their own, in a fixed order so that a
 * refresh does not recolour them: the largest of each of the given volumes in turn.
 */
export function topServices(...volumes: readonly (VolumeResponse | undefined)[]): string[] {
  const ranked = volumes.map((volume) => sumByService(volume));
  const names = new Set<string>();
  for (let rank = 0; names.size < MAX_SERIES && ranked.some((list) => rank < list.length); rank++) {
    for (const list of ranked) {
      const name = list[rank];
      if (name !== undefined && names.size < MAX_SERIES) names.add(name);
    }
  }
  return [...names].sort();
}

/** Lines of error, critical and fatal in a volume counted by level. */
export function countErrors(volume: VolumeResponse): number {
  return errorsOnly(volume).series.reduce((sum, series) => sum + series.total, 0);
}

/** The part of a volume counted by level that is error, critical and fatal. */
export function errorsOnly(volume: VolumeResponse): VolumeResponse {
  const isError = (series: VolumeSeries) => ERROR_LEVELS.some((level) => level === series.labels.level);
  return { ...volume, series: volume.series.filter(isError) };
}

/** With fewer buckets on a side of a moment, a comparison says nothing. */
const AROUND_BUCKETS = 3;

/** What was counted after a moment, and for as long before it; null if there is too little of either. */
export function aroundMoment(
  { starts, stepMs, startMs, endMs, totals }: ChartData,
  ms: number,
): { before: number; after: number; spanMs: number } | null {
  const bucket = starts.findIndex((start) => start <= ms && ms < start + stepMs);
  if (bucket < 0) return null;
  // The bucket of the moment is of both sides, and one that the range cuts is not whole.
  const before = starts.filter((start) => start >= startMs && start + stepMs <= ms).length;
  const after = starts.filter((start) => start > ms && start + stepMs <= endMs).length;
  const buckets = Math.min(before, after);
  if (buckets < AROUND_BUCKETS) return null;
  const sum = (from: number) => totals.slice(from, from + buckets).reduce((all, one) => all + one, 0);
  return { before: sum(bucket - buckets), after: sum(bucket + 1), spanMs: buckets * stepMs };
}

/**
 * For each bucket: did any line arrive? Future buckets count as covered, for nothing is missing there, and those that
 * the range cuts, for all of them is not known.
 */
export function coverage({ starts, stepMs, startMs, endMs, totals }: ChartData, now: number): boolean[] {
  const end = Math.min(now, endMs);
  return starts.map((start, index) => (totals[index] ?? 0) > 0 || start < startMs || start + stepMs > end);
}

/**
 * Runs of buckets without any line, as [first, last] indices. Short ones are
 * left out: that nothing arrives for some seconds is no lack of data.
 */
export function gaps(covered: readonly boolean[], stepMs: number): [number, number][] {
  const runs: [number, number][] = [];
  covered.forEach((has, index) => {
    if (has) return;
    const last = runs.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  });
  return runs.filter(([first, last]) => (last - first + 1) * stepMs >= MIN_GAP_MS);
}

interface Group {
  label: string;
  token: string;
  values: readonly string[];
  members: readonly VolumeSeries[];
}

function chart(volume: VolumeResponse, groups: readonly Group[]): ChartData {
  const starts = bucketStarts(volume);
  const index = new Map(starts.map((start, position) => [start, position]));
  const series = groups.map(({ members, ...group }): ChartSeries => {
    const counts = sumPoints(members, index);
    return { ...group, counts, total: counts.reduce((sum, count) => sum + count, 0) };
  });
  const totals = starts.map((_, position) =>
    series.reduce((sum, { counts }) => sum + (counts[position] ?? 0), 0),
  );
  return {
    stepMs: volume.step_ms,
    starts,
    startMs: Date.parse(volume.start),
    endMs: Date.parse(volume.end),
    series: series.filter(({ total }) => total > 0),
    totals,
    total: totals.reduce((sum, count) => sum + count, 0),
  };
}

function bucketStarts(volume: VolumeResponse): number[] {
  const end = Date.parse(volume.end);
  const starts: number[] = [];
  const first = Math.floor(Date.parse(volume.start) / volume.step_ms) * volume.step_ms;
  for (let at = first; at < end && starts.length < MAX_BUCKETS; at += volume.step_ms) {
    starts.push(at);
  }
  return starts;
}

function sumPoints(members: readonly VolumeSeries[], index: ReadonlyMap<number, number>): number[] {
  const counts = new Array<number>(index.size).fill(0);
  for (const { points } of members) {
    for (const [start, count] of points) {
      const position = index.get(start);
      if (position !== undefined) counts[position] = (counts[position] ?? 0) + count;
    }
  }
  return counts;
}

function serviceOf(series: VolumeSeries): string {
  return series.labels.service ?? "";
}

function sumByService(volume: VolumeResponse | undefined): string[] {
  const sums = new Map<string, number>();
  for (const series of volume?.series ?? []) {
    sums.set(serviceOf(series), (sums.get(serviceOf(series)) ?? 0) + series.total);
  }
  return [...sums].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name);
}
