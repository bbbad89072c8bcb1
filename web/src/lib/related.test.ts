import { describe, expect, it } from "vitest";
import type { AlertEpisode, AlertTimelineResponse, Deploy, HealthComponent, IssueRow } from "../api/types";
import { alertsOf, conspicuous, deploysOf, episodesOf } from "./related";

function episode(id: number, component: string, start: string, end: string | null): AlertEpisode {
  return { id, component, start, end, name: "Down", severity: "", service: "", env: "", inferred: false };
}

const TIMELINE: AlertTimelineResponse = {
  start: "2026-03-01T11:00:00Z",
  end: "2026-03-01T12:00:00Z",
  gaps: [],
  partial: false,
  rows: [
    {
      name: "Down",
      severity: "critical",
      flaps: 0,
      recovery_ms: null,
      episodes: [
        episode(1, "pgbouncer", "2026-03-01T11:10:00Z", null),
        episode(2, "host", "2026-03-01T11:20:00Z", null),
        episode(3, "pgbouncer", "2026-03-01T11:30:00Z", "2026-03-01T11:31:00Z"),
        episode(4, "pgbouncer", "2026-03-01T11:40:00Z", "2026-03-01T11:41:00Z"),
      ],
    },
    {
      name: "Full",
      severity: "",
      flaps: 0,
      recovery_ms: null,
      episodes: [episode(5, "", "2026-03-01T11:10:00Z", null)],
    },
  ],
};

describe("the alerts of a component", () => {
  it("are those about it, and names without any are left out", () => {
    const got = alertsOf(TIMELINE, { id: "pgbouncer" } as HealthComponent);
    expect(got.rows.map(({ episodes }) => episodes.map(({ id }) => id))).toEqual([[1, 3, 4]]);
  });

  it("are listed with those that fire first, then the newest", () => {
    const got = episodesOf(alertsOf(TIMELINE, { id: "pgbouncer" } as HealthComponent));
    expect(got.map(({ id }) => id)).toEqual([1, 4, 3]);
  });
});

describe("conspicuous issues", () => {
  it("are new, came back or spike", () => {
    const issue = (state: string, spiking_since: string | null) => ({ state, spiking_since }) as IssueRow;
    const [fresh, back, spikes] = [
      issue("new", null),
      issue("regressed", null),
      issue("ongoing", "2026-03-01"),
    ];
    expect(conspicuous([fresh, issue("ongoing", null), back, spikes])).toEqual([fresh, back, spikes]);
  });
});

describe("the deploys that concern a component", () => {
  const deploy = (service: string, env: string) => ({ service, env }) as Deploy;
  const all = [
    deploy("backend", "production"),
    deploy("", ""),
    deploy("backend", "staging"),
    deploy("nginx", ""),
  ];

  it("are of its services and environment, or of all", () => {
    expect(deploysOf(all, { services: ["backend"], envs: ["production"] })).toEqual([all[0], all[1]]);
    expect(deploysOf(all, { services: ["backend"], envs: [] })).toEqual([all[0], all[1], all[2]]);
    expect(deploysOf(all, { services: [], envs: [] })).toEqual(all);
  });
});
