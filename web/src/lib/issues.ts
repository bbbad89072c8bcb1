import { countOpen } from "../api/issues";
import type {
  IssueAction,
  IssueChange,
  IssueDetail,
  IssueRow,
  IssuesSummary,
  OccurrencesResponse,
  Snooze,
} from "../api/types";
import type { TimeRange } from "../state/view";
import { formatCount, plural } from "./format";
import { describeSpan, formatExact, formatMoment, lastSpan } from "./time";

/** What ends a snooze, in words: "until 2026-03-01 14:00:00 or 100 more events". */
export function snoozeWords(snooze: Snooze): string {
  const parts = [
    snooze.until && formatExact(Date.parse(snooze.until)),
    snooze.events && `${plural(snooze.events, "more event")}`,
    snooze.surge && "an hour with three times as many events as usual",
  ];
  return `until ${parts.filter(Boolean).join(" or ")}`;
}

/**
 * The answer that a list begins with: "34 new, 1 came back, 3 of them since deploy 2b7f1e". New is what the rows say to be
 * new; how many of them began in the range, or since the last deploy, is said of them.
 */
export function answerWords(
  { states, new: fresh, back, spiking, deploy }: IssuesSummary,
  range: TimeRange,
): string {
  const time = range.kind === "relative" ? `in the last ${lastSpan(range.spanMs)}` : "in this time";
  const open = countOpen(states);
  const begun = fresh + back;
  const parts = [
    `${states.new ? formatCount(states.new) : "Nothing"} new`,
    `${states.regressed ? formatCount(states.regressed) : "nothing"} came back`,
    open > 0 &&
      `${begun === 0 ? "none" : begun === open ? "all" : formatCount(begun)} of them ${deploy ? `since deploy ${deploy.version}` : time}`,
    spiking > 0 && `${formatCount(spiking)} spiking`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** A deploy this long before is not named as what may have brought an issue. */
const DEPLOY_NEAR_MS = 86_400_000;

/** The issues without those of which another one of the same failure, logged twice, is among them. */
export function withoutTwins(issues: readonly IssueRow[]): readonly IssueRow[] {
  return issues.filter(({ twin }) => !issues.some(({ id }) => id === twin));
}

/** What is the case with an issue, in a sentence: "Back since deploy 2b7f1e, 14:03." */
export function verdictOf(issue: IssueDetail, now: number): string {
  const spike = issue.spiking_since ? " Far more frequent than usual." : "";
  switch (issue.state) {
    case "new":
    case "ongoing": {
      const word = issue.state === "new" ? "New" : "Ongoing";
      return `${word} since ${beginning(issue, issue.first_seen, now)}.${spike}`;
    }
    case "regressed":
      return `Back since ${beginning(issue, issue.since, now)}.${spike}`;
    case "resolved":
      return "Resolved: the next event brings it back.";
    case "snoozed":
      return issue.snooze ? `Snoozed ${snoozeWords(issue.snooze)}.` : "Snoozed.";
  }
}

function beginning({ deploy }: IssueDetail, began: string | null, now: number): string {
  const ms = Date.parse(began ?? "");
  const near = deploy && ms - Date.parse(deploy.at) < DEPLOY_NEAR_MS;
  return `${near ? `deploy ${deploy.version}, ` : ""}${formatMoment(ms, now)}`;
}

/** Since when what is told of an issue holds, within its range: since it came back, or was new. */
export function tellingSince(issue: Pick<IssueDetail, "state" | "since" | "first_seen">): number {
  const began = issue.state === "regressed" ? issue.since : issue.first_seen;
  return Date.parse(began ?? "") || 0;
}

/** How often it happened in a range, and to whom: "41 times in 20 min, 9 users, only production." */
export function countWords(found: OccurrencesResponse, sinceMs: number): string {
  const { step_ms, counts, tags, sampled } = found;
  const [startMs, endMs] = [Date.parse(found.start), Date.parse(found.end)];
  const fromMs = Math.max(startMs, Math.min(sinceMs, endMs));
  const skipped = Math.floor((fromMs - startMs) / step_ms);
  const total = counts.slice(skipped).reduce((sum, one) => sum + one, 0);
  const distinct = (name: string) => tags.find((tag) => tag.name === name);
  const users = distinct("user")?.distinct ?? 0;
  const env = distinct("env");
  const parts = [
    `${plural(total, "time")} in ${describeSpan(endMs - fromMs)}`,
    users > 0 && `${sampled ? "at least " : ""}${plural(users, "user")}`,
    !sampled && env?.distinct === 1 && `only ${env.values[0]?.value}`,
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
