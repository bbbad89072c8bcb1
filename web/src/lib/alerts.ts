import type {
  AlertEpisode,
  AlertsResponse,
  AlertTimelineResponse,
  FiringAlert,
  Level,
  Silence,
  Verdict,
} from "../api/types";
import { allLines } from "../state/filters";
import type { View } from "../state/view";
import { formatCount } from "./format";
import { describeSpan, formatExact, formatSecond, zoneShift } from "./time";

const LEVELS: Record<string, Level> = { critical: "critical", error: "error", warning: "warn", info: "info" };

/** The level whose colour a severity has. */
export function severityLevel(severity: string): Level {
  return LEVELS[severity] ?? "unknown";
}

/** True for alerts that nothing keeps from notifying. */
export function isLoud({ silenced_by, inhibited_by, muted_by }: FiringAlert): boolean {
  return silenced_by.length + inhibited_by.length + muted_by.length === 0;
}

/** How many fire and are loud; those that are not listed count. */
export function countLoud({ total, firing }: AlertsResponse): number {
  return total - firing.length + firing.filter(isLoud).length;
}

/** What is the case, in a sentence. */
export function alertsVerdict(alerts: AlertsResponse): { verdict: Verdict; words: string } {
  const loud = alerts.firing.filter(isLoud);
  const count = countLoud(alerts);
  if (count > 0) {
    const verdict = loud.some(({ severity }) => severity === "critical") ? "critical" : "warning";
    const [first] = loud;
    const said = first ? first.summary || first.name : "";
    const words = count === 1 ? said : `${formatCount(count)} alerts fire. The gravest: ${said}`;
    return { verdict, words };
  }
  if (alerts.alertmanager.failure !== "" || alerts.watchdog.state === "missing") {
    return { verdict: "no_data", words: "No alert is known to fire, but alerts may not get through" };
  }
  return {
    verdict: "ok",
    words: alerts.total > 0 ? "No alert fires that is not silenced" : "No alert fires",
  };
}

/** "23 min" so far, or in all; never less than nothing, for clocks differ. */
export function lasted({ start, end }: Pick<AlertEpisode, "start" | "end">, now: number): string {
  const until = end === null ? now : Date.parse(end);
  return describeSpan(Math.max(0, until - Date.parse(start)));
}

/** When it fired, in a sentence. */
export function episodeWords(episode: AlertEpisode, now: number): string {
  const startMs = Date.parse(episode.start);
  if (episode.end === null) return `Fires for ${lasted(episode, now)}, since ${formatExact(startMs)}.`;
  const end = formatExact(Date.parse(episode.end));
  const how = episode.inferred ? " Nobody said that it ended: nothing more was heard of it." : "";
  return `Fired for ${lasted(episode, now)}, from ${formatSecond(startMs)} to ${end}.${how}`;
}

/** Where it fires: "backend · production". */
export function placeOf({ service, env }: AlertEpisode): string {
  return [service, env].filter(Boolean).join(" · ");
}

/** What a silence silences: 'alertname=Down env=~"a|b"'. */
export function matcherWords({ matchers }: Silence): string {
  return matchers
    .map(({ name, value, isRegex, isEqual }) => {
      const op = isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=";
      return `${name}${op}${/^[\w./:-]+$/.test(value) ? value : JSON.stringify(value)}`;
    })
    .join(" ");
}

const BEFORE_MS = 10 * 60_000;
const AFTER_MS = 60_000;

/** A view with the lines of the time of an episode, where it fired. */
export function episodeView(view: View, episode: AlertEpisode, now: number): View {
  const all = allLines(view);
  const filters = { ...all.filters };
  if (episode.service) filters.service = { include: [episode.service], exclude: [] };
  if (episode.env) filters.env = { include: [episode.env], exclude: [] };
  const end = episode.end === null ? now : Date.parse(episode.end);
  return {
    ...all,
    filters,
    tail: false,
    range: {
      kind: "absolute",
      startMs: Date.parse(episode.start) - BEFORE_MS,
      endMs: Math.max(end, Date.parse(episode.start)) + AFTER_MS,
    },
  };
}

/** Where a span is on an axis, in percent of its width; null outside of it. */
export function place(
  startMs: number,
  endMs: number,
  axis: { startMs: number; endMs: number },
): { left: number; width: number } | null {
  const from = Math.max(startMs, axis.startMs);
  const to = Math.min(endMs, axis.endMs);
  if (to < from) return null;
  const whole = axis.endMs - axis.startMs;
  return { left: ((from - axis.startMs) / whole) * 100, width: ((to - from) / whole) * 100 };
}

/** A time in which alerts of one level fired. */
export interface AlertBand {
  startMs: number;
  endMs: number;
  level: Level;
  names: readonly string[];
}

const GRAVITY: readonly Level[] = ["unknown", "info", "warn", "error", "critical"];
/** Of an axis, what is too short to be told apart. */
const GRAIN = 500;

/** The times in which alerts fired, those that touch as one; the gravest last, to be drawn on top. */
export function alertBands(
  { rows, end }: AlertTimelineResponse,
  axis: { startMs: number; endMs: number },
): AlertBand[] {
  const grain = (axis.endMs - axis.startMs) / GRAIN;
  const spans = rows.flatMap((row) =>
    row.episodes.map((episode) => ({
      startMs: Date.parse(episode.start),
      endMs: Date.parse(episode.end ?? end),
      level: severityLevel(episode.severity),
      names: [row.name],
    })),
  );
  spans.sort((a, b) => a.startMs - b.startMs);
  return GRAVITY.flatMap((level) => {
    const bands: AlertBand[] = [];
    for (const span of spans.filter((one) => one.level === level)) {
      const last = bands.at(-1);
      if (!last || span.startMs > last.endMs + grain) bands.push(span);
      else {
        const names = [...new Set([...last.names, ...span.names])];
        bands[bands.length - 1] = { ...last, endMs: Math.max(last.endMs, span.endMs), names };
      }
    }
    return bands;
  });
}

const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080];

/** About so many times at full minutes, hours or days of the zone within an axis. */
export function axisTimes(axis: { startMs: number; endMs: number }, about: number): number[] {
  const least = (axis.endMs - axis.startMs) / 60_000 / about;
  const stepMs = (STEPS_MIN.find((step) => step >= least) ?? 43_200) * 60_000;
  const shift = -zoneShift(axis.startMs);
  const first = Math.ceil((axis.startMs - shift) / stepMs) * stepMs + shift;
  const times: number[] = [];
  for (let at = first; at <= axis.endMs; at += stepMs) times.push(at);
  return times;
}
