import { describe, expect, it } from "vitest";
import type { IssueChange, OccurrencesResponse } from "../api/types";
import { actionWords, changeWords, countWords, snoozeWords, titleParts } from "./issues";

const change = (kind: IssueChange["kind"], detail: Record<string, unknown> = {}): IssueChange => ({
  seq: 1,
  issue: 1,
  at: "2026-03-01T12:00:00Z",
  actor: "alice",
  kind,
  detail,
});

describe("issues in words", () => {
  it.each([
    ["ValueError: bad", "ValueError", { type: "ValueError", message: "bad" }],
    ["ValueError", "ValueError", { type: "ValueError", message: "" }],
    ["disk is full", "", { type: "", message: "disk is full" }],
    ["a rule's title", "ValueError", { type: "", message: "a rule's title" }],
  ])("splits the title %s", (title, type, want) => expect(titleParts({ title, type })).toEqual(want));

  it.each([
    [
      change("regressed", { deploy: { version: "2b7f1e" } }),
      "saw it again after it was resolved, since deploy 2b7f1e",
    ],
    [change("regressed"), "saw it again after it was resolved"],
    [change("snoozed", { events: 100 }), "snoozed it until 100 more events"],
    [change("assigned", { assignee: "" }), "took it from its assignee"],
    [change("unmerged", { from: 1, to: 2, hashes: ["a"] }), "took 1 group out of issue 1 to issue 2"],
    [change("spike", { events: 50, usual: 1.26 }), "saw a spike: 50 events in five minutes, usually 1.3"],
  ])("says what a change was", (one, want) => expect(changeWords(one)).toBe(want));

  it("says what ends a snooze", () =>
    expect(snoozeWords({ events: 5, surge: true })).toBe(
      "until 5 more events or an hour with three times as many events as usual",
    ));

  it("says what an action has done", () =>
    expect(actionWords({ action: "merge", issues: [1, 2], into: 7 })).toBe("2 issues merged into issue 7."));

  it("counts events and users, and names the only environment", () => {
    const found: OccurrencesResponse = {
      start: "2026-03-01T12:00:00Z",
      end: "2026-03-01T12:20:00Z",
      step_ms: 60_000,
      total: 41,
      counts: [],
      tags: [
        { name: "env", events: 41, distinct: 1, values: [{ value: "production", count: 41 }] },
        { name: "user", events: 41, distinct: 9, values: [] },
      ],
      sampled: false,
      deploys: [],
    };
    expect(countWords(found)).toBe("41 events in 20 min, 9 users, only in production.");
    expect(countWords({ ...found, sampled: true })).toBe("41 events in 20 min, at least 9 users.");
  });
});
