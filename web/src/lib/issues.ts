import type {
  IssueAction,
  IssueChange,
  IssueDetail,
  IssueRow,
  OccurrencesResponse,
  Snooze,
} from "../api/types";
import { formatCount, plural } from "./format";
import { describeSpan, formatExact } from "./time";

/** The spans and conditions that a snooze can be ended by, by their words. */
export const SNOOZES: readonly { name: string; make: (now: number) => Snooze }[] = [
  { name: "For an hour", make: (now) => ({ until: new Date(now + 3_600_000).toISOString() }) },
  { name: "For a day", make: (now) => ({ until: new Date(now + 86_400_000).toISOString() }) },
  { name: "For a week", make: (now) => ({ until: new Date(now + 7 * 86_400_000).toISOString() }) },
  { name: "Until 100 more events", make: () => ({ events: 100 }) },
  { name: "Until three times as many as usual", make: () => ({ surge: true }) },
];

/** What ends a snooze, in words: "until 2026-03-01 14:00:00 or 100 more events". */
export function snoozeWords(snooze: Snooze): string {
  const parts = [
    snooze.until && formatExact(Date.parse(snooze.until)),
    snooze.events && `${plural(snooze.events, "more event")}`,
    snooze.surge && "an hour with three times as many events as usual",
  ];
  return `until ${parts.filter(Boolean).join(" or ")}`;
}

/** What is the case with an issue, in a sentence. */
export function verdictOf(issue: IssueDetail): string {
  const spike = issue.spiking_since ? " Far more frequent than usual." : "";
  const after = issue.deploy ? `, first seen after deploy ${issue.deploy.version}` : "";
  switch (issue.state) {
    case "new":
      return `New${after}.${spike}`;
    case "regressed":
      return `Back since ${formatExact(Date.parse(issue.since ?? ""))}, after it was resolved.${spike}`;
    case "ongoing":
      return `Ongoing${after}.${spike}`;
    case "resolved":
      return "Resolved: the next event brings it back.";
    case "snoozed":
      return issue.snooze ? `Snoozed ${snoozeWords(issue.snooze)}.` : "Snoozed.";
  }
}

/** How often it happened in a range, and to whom: "41 events in 20 min, 9 users, only in production." */
export function countWords({ start, end, total, tags, sampled }: OccurrencesResponse): string {
  const span = describeSpan(Date.parse(end) - Date.parse(start));
  const distinct = (name: string) => tags.find((tag) => tag.name === name);
  const users = distinct("user")?.distinct ?? 0;
  const env = distinct("env");
  const parts = [
    `${plural(total, "event")} in ${span}`,
    users > 0 && `${sampled ? "at least " : ""}${plural(users, "user")}`,
    !sampled && env?.distinct === 1 && `only in ${env.values[0]?.value}`,
  ];
  return `${parts.filter(Boolean).join(", ")}.`;
}

/** The issue's title without the exception's type, which is shown apart. */
export function titleParts({ title, type }: Pick<IssueRow, "title" | "type">): {
  type: string;
  message: string;
} {
  if (type === "" || !title.startsWith(type)) return { type: "", message: title };
  return { type, message: title.slice(type.length).replace(/^:\s*/, "") };
}

type Words = (detail: Record<string, unknown>) => string;

const CHANGES: Record<IssueChange["kind"], Words> = {
  created: () => "made this issue of the first event",
  attached: (d) => `attached the group ${text(d.hash)}: ${text(d.reason)}`,
  linked: (d) => `linked issue ${text(d.issue)}: ${text(d.reason)}`,
  regressed: (d) => `saw it again after it was resolved${afterDeploy(d.deploy)}`,
  ongoing: (d) => (d.reason === "reopened" ? "reopened it" : `made it ongoing: ${text(d.reason)}`),
  resolved: () => "resolved it",
  snoozed: (d) => `snoozed it ${snoozeWords(d as Snooze)}`,
  assigned: (d) => (d.assignee ? `assigned it to ${text(d.assignee)}` : "took it from its assignee"),
  comment: () => "commented",
  merged: (d) => `merged issue ${text(d.from)} into issue ${text(d.into)}`,
  unmerged: (d) =>
    `took ${plural(count(d.hashes), "group")} out of issue ${text(d.from)} to issue ${text(d.to)}`,
  spike: (d) => `saw a spike: ${text(d.events)} events in five minutes, usually ${usual(d.usual)}`,
  "spike over": () => "saw the end of the spike",
};

/** What a change was, in words that follow its actor. */
export function changeWords({ kind, detail }: IssueChange): string {
  return CHANGES[kind](detail);
}

/** What an action has done, for the message after it. */
export function actionWords({ action, issues, into }: IssueAction): string {
  const what = issues.length === 1 ? `Issue ${issues[0]}` : `${formatCount(issues.length)} issues`;
  const done: Record<IssueAction["action"], string> = {
    resolve: "resolved",
    reopen: "reopened",
    snooze: "snoozed",
    assign: "assigned",
    comment: "commented",
    merge: `merged into issue ${into}`,
    unmerge: "unmerged",
  };
  return `${what} ${done[action]}.`;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function count(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function usual(value: unknown): string {
  return typeof value === "number" ? String(Math.round(value * 10) / 10) : "fewer";
}

function afterDeploy(deploy: unknown): string {
  if (typeof deploy !== "object" || deploy === null || !("version" in deploy)) return "";
  return `, since deploy ${text(deploy.version)}`;
}
