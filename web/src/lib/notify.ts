import type { Channel, ChannelInput, Notification, Rule, RuleInput, SentMessage } from "../api/types";
import { buildLogQL } from "../state/logql";
import { formatView, parseView, type View } from "../state/view";
import { plural } from "./format";

export type ChannelKind = Channel["kind"];
export type RuleOn = Rule["on"];
export type IssueKind = Rule["kinds"][number];

/** Kinds of channels, as people call them. */
export const CHANNEL_KINDS: readonly { value: ChannelKind; label: string }[] = [
  { value: "discord", label: "Discord" },
  { value: "slack", label: "Slack" },
  { value: "email", label: "Mail" },
  { value: "webhook", label: "Webhook" },
];

export const RULE_KINDS: readonly { value: RuleOn; label: string }[] = [
  { value: "issues", label: "Issues" },
  { value: "matches", label: "Search matches" },
  { value: "silence", label: "Search is silent" },
];

export const ISSUE_KINDS: readonly { value: IssueKind; label: string }[] = [
  { value: "new", label: "New" },
  { value: "regressed", label: "Came back" },
  { value: "spiking", label: "Spiking" },
];

const KIND_WORDS: Record<Notification["kind"], string> = {
  new: "New",
  regressed: "Came back",
  spiking: "Spiking",
  matches: "Search matched",
  silent: "Silent",
  heard: "Heard again",
  test: "Test",
};

/** Name of a kind of channels. */
export function kindName(kind: ChannelKind): string {
  return CHANNEL_KINDS.find(({ value }) => value === kind)?.label ?? kind;
}

/** What a rule is about, as a sentence without an end; `search` names its saved search. */
export function ruleWords(rule: Rule, search = ""): string {
  if (rule.on === "matches")
    return `${plural(rule.count, "line")} or more in ${plural(rule.minutes, "minute")}`;
  if (rule.on === "silence") return `no line in ${plural(rule.minutes, "minute")}`;
  const kinds = ISSUE_KINDS.filter(({ value }) => rule.kinds.length === 0 || rule.kinds.includes(value));
  const words = kinds.map(({ label }) => label.toLowerCase()).join(", ");
  const where = [rule.env, rule.service, rule.level].filter((values) => values.length > 0);
  const listed = rule.search > 0 ? ` · listed by “${search || `search ${rule.search}`}”` : "";
  return `issues: ${words}${where.map((values) => ` · ${values.join(" or ")}`).join("")}${listed}`;
}

/** What somebody was told, in a line. */
export function notificationWords({ kind, title, service, env }: Notification): string {
  const where = [service, env].filter(Boolean).join(", ");
  return `${KIND_WORDS[kind]}: ${title}${where && ` (${where})`}`;
}

/** What the server says of a message's events beyond those it lists. */
export function moreWords({ total, events }: SentMessage): string {
  return total > events.length ? `and ${plural(total - events.length, "more", "more")}` : "";
}

/** A list that was typed with commas. */
export function listOf(text: string): string[] {
  return [...new Set(text.split(",").map((part) => part.trim()))].filter(Boolean);
}

/**
 * The search that was entered: a LogQL query, or the address of the page Logs, of
 * which the filters are taken.
 */
export function searchOf(text: string): Search {
  const trimmed = text.trim();
  const address = /^(?:https?:\/\/|\/)?[^\s{}]*lines\?([^\s#]+)/.exec(trimmed);
  if (!address?.[1]) return { query: trimmed, view: "" };
  const { filters, q, fields } = parseView(address[1]);
  const view = { ...parseView(""), filters, q, fields };
  return { query: buildLogQL(view), view: formatView(view) };
}

/** The search of a view that has filters; an empty one without. */
export function searchOfView(view: View): Search {
  const search = searchOf(`lines?${formatView(view)}`);
  return search.view ? search : { query: "", view: "" };
}

/** The channel that a form holds. */
export function channelOf(form: FormData, kind: ChannelKind): ChannelInput {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const number = (name: string) => Number(text(name));
  return {
    name: text("name"),
    kind,
    enabled: form.has("enabled"),
    url: text("url"),
    // A password may begin or end with a space.
    secret: String(form.get("secret") ?? ""),
    mail:
      kind === "email"
        ? {
            host: text("host"),
            port: number("port"),
            security: text("security") as "starttls" | "tls" | "none",
            user: text("user"),
            from: text("from"),
            to: listOf(text("to")),
          }
        : null,
    digest_minutes: number("digest"),
    repeat_minutes: number("repeat"),
    per_hour: number("per_hour"),
    quiet: form.has("quiet")
      ? { from: text("quiet_from"), to: text("quiet_to"), zone: text("quiet_zone") }
      : null,
  };
}

/** A search, and the filters of the page Logs that show it; "" if they are not known. */
export interface Search {
  query: string;
  view: string;
}

/** The rule that a form holds. `shown` is the search that the form began with. */
export function ruleOf(form: FormData, on: RuleOn, shown: Search): RuleInput {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const common = {
    name: text("name"),
    enabled: form.has("enabled"),
    channels: form.getAll("channels").map(Number),
    on,
  };
  if (on === "issues") {
    const kinds = ISSUE_KINDS.map(({ value }) => value).filter((kind) => form.getAll("kinds").includes(kind));
    return {
      ...common,
      kinds,
      env: listOf(text("env")),
      service: listOf(text("service")),
      level: listOf(text("level")),
      search: Number(text("search")),
    };
  }
  const { query, view } = text("query") === shown.query ? shown : searchOf(text("query"));
  return { ...common, query, view, minutes: Number(text("minutes")), count: Number(text("count")) };
}
