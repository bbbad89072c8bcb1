import type {
  AlertEpisode,
  AlertTimelineResponse,
  Deploy,
  HealthComponent,
  IssueRow,
  IssueState,
} from "../api/types";
import type { Tick } from "./graph";

/** The part of a timeline that is about a component. */
export function alertsOf(timeline: AlertTimelineResponse, { id }: HealthComponent): AlertTimelineResponse {
  const rows = timeline.rows.map((row) => ({
    ...row,
    episodes: row.episodes.filter(({ component }) => component === id),
  }));
  return { ...timeline, rows: rows.filter(({ episodes }) => episodes.length > 0) };
}

/** The episodes of a timeline in one list: those that fire first, then the newest. */
export function episodesOf({ rows }: AlertTimelineResponse): AlertEpisode[] {
  const firing = ({ end }: AlertEpisode) => Number(end === null);
  return rows
    .flatMap(({ episodes }) => episodes)
    .sort((a, b) => firing(b) - firing(a) || Date.parse(b.start) - Date.parse(a.start));
}

/** The states of issues that may need a look because of what they are, or because they spike. */
export const LIVE_STATES: readonly IssueState[] = ["new", "regressed", "ongoing"];

/** Those of the issues that are new, came back, or are far more frequent than usual. */
export function conspicuous(issues: readonly IssueRow[]): IssueRow[] {
  return issues.filter(({ state, spiking_since }) => state !== "ongoing" || spiking_since !== null);
}

/** The deploys that concern any of the services in any of the environments; none of either means all. */
export function deploysOf(
  deploys: readonly Deploy[],
  { services, envs }: { services: readonly string[]; envs: readonly string[] },
): Deploy[] {
  const fits = (value: string, wanted: readonly string[]) =>
    value === "" || wanted.length === 0 || wanted.includes(value);
  return deploys.filter(({ service, env }) => fits(service, services) && fits(env, envs));
}

/** A deploy as a chart marks it. */
export function toTick({ at, version }: Deploy): Tick {
  return { ms: Date.parse(at), label: version };
}
