import { describe, expect, it } from "vitest";
import type {
  Deploy,
  IssueChange,
  IssueDetail,
  IssueRow,
  IssuesSummary,
  OccurrencesResponse,
} from "../api/types";
import {
  actionWords,
  answerWords,
  changeWords,
  countWords,
  snoozeWords,
  titleParts,
  verdictOf,
  withoutTwins,
} from "./issues";

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

  it("leaves out what was logged twice where the other one is there", () => {
    const issue = (id: number, twin: number) => ({ id, twin }) as IssueRow;
    const left = withoutTwins([issue(1, 0), issue(2, 1), issue(3, 7)]);
    expect(left.map(({ id }) => id)).toEqual([1, 3]);
  });

  it("says what ends a snooze", () =>
    expect(snoozeWords({ events: 5, surge: true })).toBe(
      "until 5 more events or an hour with three times as many events as usual",
    ));

  it("says what an action has done", () =>
    expect(actionWords({ action: "merge", issues: [1, 2], into: 7 })).toBe("2 issues merged into issue 7."));

  describe("how often and to whom", () => {
    const found: OccurrencesResponse = {
      start: "2026-03-01T12:00:00Z",
      end: "2026-03-01T13:00:00Z",
      step_ms: 600_000,
      total: 44,
      counts: [3, 0, 0, 0, 20, 21],
      tags: [
        { name: "env", events: 41, distinct: 1, values: [{ value: "production", count: 41 }] },
        { name: "user", events: 41, distinct: 9, values: [] },
      ],
      sampled: false,
      deploys: [],
    };

    it("counts since it came back, and names the only environment", () =>
      expect(countWords(found, Date.parse("2026-03-01T12:40:00Z"))).toBe(
        "41 times in 20 min, 9 users, only production.",
      ));

    it("counts the whole range of what began before", () =>
      expect(countWords({ ...found, sampled: true }, 0)).toBe("44 times in 1 h, at least 9 users."));
  });

  describe("the verdict", () => {
    const now = new Date(2026, 2, 1, 15, 0).getTime();
    const at = (hour: number, day = 1) => new Date(2026, 2, day, hour, 3).toISOString();
    const issue = { state: "new", first_seen: at(14), since: at(14), spiking_since: null } as IssueDetail;
    const deploy = (time: string) => ({ version: "2b7f1e", at: time }) as Deploy;
    it.each([
      [{ ...issue, deploy: deploy(at(13)) }, "New since deploy 2b7f1e, 14:03."],
      [{ ...issue, deploy: deploy(at(13, -3)) }, "New since 14:03."],
      [{ ...issue, state: "ongoing", first_seen: at(9, -5) }, "Ongoing since 2026-02-23 09:03."],
      [
        { ...issue, state: "regressed", deploy: deploy(at(13)), spiking_since: at(14) },
        "Back since deploy 2b7f1e, 14:03. Far more frequent than usual.",
      ],
    ] as [IssueDetail, string][])("%#: says since when and since which deploy", (one, want) =>
      expect(verdictOf(one, now)).toBe(want),
    );
  });

  it.each([
    [
      {
        states: { new: 34, regressed: 1, ongoing: 9 },
        new: 3,
        back: 1,
        spiking: 0,
        deploy: { version: "2b7f1e" },
      },
      "34 new, 1 came back, 4 of them since deploy 2b7f1e",
    ],
    [
      { states: { new: 2 }, new: 0, back: 0, spiking: 0, deploy: null },
      "2 new, nothing came back, none of them in the last hour",
    ],
    [
      { states: { new: 2 }, new: 2, back: 0, spiking: 0, deploy: null },
      "2 new, nothing came back, all of them in the last hour",
    ],
    [
      { states: { ongoing: 3 }, new: 0, back: 0, spiking: 2, deploy: null },
      "Nothing new, nothing came back, 2 spiking",
    ],
  ])("%#: answers what is new", (summary, want) =>
    expect(
      answerWords({ since: "", ...summary } as unknown as IssuesSummary, {
        kind: "relative",
        spanMs: 3_600_000,
      }),
    ).toBe(want),
  );
});
