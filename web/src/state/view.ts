import type { IssueState } from "../api/types";
import { formatDuration, parseDuration, type Zone } from "../lib/time";

/** Labels that the API filters by and counts. */
export const FACETS = ["service", "level", "env", "host", "container", "job"] as const;
export type Facet = (typeof FACETS)[number];

export interface FacetFilter {
  include: readonly string[];
  exclude: readonly string[];
}

/** A filter on any other label, on structured metadata, or on what issues have. */
export interface FieldFilter {
  name: string;
  value: string;
  exclude: boolean;
}

export type TimeRange =
  | { kind: "relative"; spanMs: number }
  | { kind: "absolute"; startMs: number; endMs: number };

/** Everything that a link to the page carries. */
export interface View {
  filters: Readonly<Record<Facet, FacetFilter>>;
  fields: readonly FieldFilter[];
  q: readonly string[];
  /** Texts that no line may have. */
  not: readonly string[];
  /** Filters on the whole line, spelt as the API does: an operator of LogQL, and its text without quotes. */
  patterns: readonly string[];
  /** A LogQL query, of lines or of values over time, that the filters narrow further; empty for none. */
  query: string;
  /** Fields shown as columns of the list. */
  columns: readonly string[];
  /** The lines themselves, or the patterns of their messages. */
  show: "lines" | "patterns";
  range: TimeRange;
  by: "service" | "level";
  order: "newest" | "oldest";
  tail: boolean;
  wrap: boolean;
  /** Which issues are listed; empty lists do not narrow, an empty assignee is nobody. */
  states: readonly IssueState[];
  assignees: readonly string[];
  sort: IssueSort;
  /** What issues have besides: `tag:` and the name of a tag, `frame` for a function, `deploy` for a version. */
  marks: readonly FieldFilter[];
  /** Id of the entry that the link points at; empty for none. */
  line: string;
  /** Id of the component of health that is open; empty for none. */
  component: string;
  /** How many days usage is of, and in what it is told. */
  days: UsageDays;
  unit: UsageUnit;
  /** Id of the request whose story is shown; empty for none. */
  request: string;
  /** The zone that a link says times in; null for the one that the reader has chosen. */
  zone: Zone | null;
}

/** All states of an issue, those that need a look first. */
export const ISSUE_STATES: readonly IssueState[] = ["new", "regressed", "ongoing", "snoozed", "resolved"];

export const ISSUE_SORTS = ["last", "first", "events"] as const;
export type IssueSort = (typeof ISSUE_SORTS)[number];

const ZONES: readonly Zone[] = ["local", "utc"];
export const USAGE_DAYS = [7, 14, 30, 90] as const;
export type UsageDays = (typeof USAGE_DAYS)[number];
export type UsageUnit = "bytes" | "lines";

export const DEFAULT_SPAN_MS = 3_600_000;
const MAX_VALUES = 50;

export function emptyFilters(): Record<Facet, FacetFilter> {
  const none = { include: [], exclude: [] };
  return { service: none, level: none, env: none, host: none, container: none, job: none };
}

/**
 * True for a query of a view that is a metric query: any but a log query, which begins with its stream selector, or
 * with its pipeline where the filters are the selector.
 */
export function isMetric(query: string): boolean {
  const first = query.trimStart()[0];
  return first !== undefined && !"{|!".includes(first);
}

/** Reads a view from the address; what it cannot read falls back to the default, never to an error. */
export function parseView(search: string): View {
  const params = new URLSearchParams(search);
  const range = parseRange(params.get("start"), params.get("end"));
  const filters = emptyFilters();
  for (const facet of FACETS) filters[facet] = parseFacet(params.getAll(facet));
  return {
    filters,
    fields: params.getAll("field").flatMap(parseField).slice(0, MAX_VALUES),
    q: unique(params.getAll("q").map((word) => word.trim())),
    not: unique(params.getAll("not").map((word) => word.trim())),
    patterns: unique(params.getAll("pattern").filter((text) => /^[|!][>~]./s.test(text))),
    query: params.get("query") ?? "",
    columns: unique(params.getAll("col")),
    show: params.get("show") === "patterns" ? "patterns" : "lines",
    range,
    by: params.get("by") === "service" ? "service" : "level",
    order: params.get("order") === "oldest" ? "oldest" : "newest",
    // A live tail has no end, so a link to a closed range is not one; nor is one to values.
    tail: params.get("tail") === "1" && range.kind === "relative" && !isMetric(params.get("query") ?? ""),
    wrap: params.get("wrap") === "1",
    states: ISSUE_STATES.filter((state) => params.getAll("state").includes(state)),
    assignees: [...new Set(params.getAll("assignee"))].slice(0, MAX_VALUES),
    sort: ISSUE_SORTS.find((sort) => sort === params.get("sort")) ?? "last",
    marks: parseMarks(params).slice(0, MAX_VALUES),
    line: params.get("line") ?? "",
    component: params.get("c") ?? "",
    days: USAGE_DAYS.find((days) => String(days) === params.get("days")) ?? 7,
    unit: params.get("unit") === "lines" ? "lines" : "bytes",
    request: (params.get("id") ?? "").trim(),
    zone: ZONES.find((zone) => zone === params.get("tz")) ?? null,
  };
}

/** The search part of the address, without "?"; defaults are left out, so that links stay short. */
export function formatView(view: View): string {
  const params = new URLSearchParams(filterParams(view));
  for (const { name, value, exclude } of view.fields)
    params.append("field", `${name}${exclude ? "!=" : "="}${value}`);
  if (view.query !== "") params.append("query", view.query);
  for (const name of view.columns) params.append("col", name);
  if (view.show === "patterns") params.append("show", "patterns");
  for (const [key, value] of rangeParams(view.range)) params.append(key, value);
  if (view.by === "service") params.append("by", "service");
  if (view.order === "oldest") params.append("order", "oldest");
  if (view.tail) params.append("tail", "1");
  if (view.wrap) params.append("wrap", "1");
  for (const state of view.states) params.append("state", state);
  for (const name of view.assignees) params.append("assignee", name);
  for (const [key, value] of markParams(view.marks)) params.append(key, value);
  if (view.sort !== "last") params.append("sort", view.sort);
  if (view.line !== "") params.append("line", view.line);
  if (view.component !== "") params.append("c", view.component);
  if (view.days !== 7) params.append("days", String(view.days));
  if (view.unit !== "bytes") params.append("unit", view.unit);
  if (view.request !== "") params.append("id", view.request);
  if (view.zone) params.append("tz", view.zone);
  return params.toString();
}

/** Facet and text filters as the API and the address spell them. */
export function filterParams(view: Pick<View, "filters" | "q" | "not" | "patterns">): [string, string][] {
  const pairs = FACETS.flatMap((facet) => facetParams(view, facet));
  const texts = view.q.map((word): [string, string] => ["q", word]);
  const not = view.not.map((word): [string, string] => ["not", word]);
  return [...pairs, ...texts, ...not, ...view.patterns.map((text): [string, string] => ["pattern", text])];
}

/** The filters on one facet, a "!" before what is left out. */
export function facetParams({ filters }: Pick<View, "filters">, facet: Facet): [string, string][] {
  const { include, exclude } = filters[facet];
  return [
    ...include.map((value): [string, string] => [facet, value]),
    ...exclude.map((value): [string, string] => [facet, `!${value}`]),
  ];
}

/** Marks the name of a tag of events among what issues have. */
export const TAG = "tag:";

/** What issues have, as the API and the address spell it. */
export function markParams(marks: readonly FieldFilter[]): [string, string][] {
  return marks.map(({ name, value, exclude }) => {
    if (!name.startsWith(TAG)) return [name, `${exclude ? "!" : ""}${value}`];
    return ["tag", `${name.slice(TAG.length)}${exclude ? "!=" : "="}${value}`];
  });
}

/** Start and end in unix milliseconds, as seen from `now`. */
export function rangeBounds(range: TimeRange, now: number): { startMs: number; endMs: number } {
  if (range.kind === "absolute") return { startMs: range.startMs, endMs: range.endMs };
  return { startMs: now - range.spanMs, endMs: now };
}

/** Marks the name of a field that is a member of a JSON line, and no label or metadata. */
export const JSON_FIELD = "json.";

/** True for names that LogQL accepts as a label, also as a member of a JSON line; others cannot be filtered by. */
export function isFieldName(name: string): boolean {
  return /^(json\.)?[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

function rangeParams(range: TimeRange): [string, string][] {
  if (range.kind === "absolute") {
    return [
      ["start", new Date(range.startMs).toISOString()],
      ["end", new Date(range.endMs).toISOString()],
    ];
  }
  return range.spanMs === DEFAULT_SPAN_MS ? [] : [["start", `now-${formatDuration(range.spanMs)}`]];
}

function parseRange(start: string | null, end: string | null): TimeRange {
  const fallback: TimeRange = { kind: "relative", spanMs: DEFAULT_SPAN_MS };
  if (!start) return fallback;
  if (start.startsWith("now-")) {
    const spanMs = parseDuration(start.slice(4));
    return spanMs === null ? fallback : { kind: "relative", spanMs };
  }
  const startMs = Date.parse(start);
  const endMs = Date.parse(end ?? "");
  return startMs < endMs ? { kind: "absolute", startMs, endMs } : fallback;
}

/** What an address asks for as its range and cannot have, in words; empty if there is nothing of the kind. */
export function refusedRange(search: string): string {
  const params = new URLSearchParams(search);
  const start = params.get("start");
  const end = params.get("end");
  if (!start) return end ? "an end without a start" : "";
  if (start.startsWith("now-")) return parseDuration(start.slice(4)) === null ? `the start “${start}”` : "";
  if (Number.isNaN(Date.parse(start))) return `the start “${start}”`;
  if (!end) return "a start without an end";
  if (Number.isNaN(Date.parse(end))) return `the end “${end}”`;
  return Date.parse(start) < Date.parse(end) ? "" : `the end ${end}, which is not after the start ${start}`;
}

function parseFacet(values: readonly string[]): FacetFilter {
  return {
    include: unique(values.filter((value) => !value.startsWith("!"))),
    exclude: unique(values.filter((value) => value.startsWith("!")).map((value) => value.slice(1))),
  };
}

function parseField(text: string): FieldFilter[] {
  const match = /^([^=!]+)(!?=)([\s\S]*)$/.exec(text);
  if (!match?.[1] || !isFieldName(match[1])) return [];
  return [{ name: match[1], value: match[3] ?? "", exclude: match[2] === "!=" }];
}

function parseMarks(params: URLSearchParams): FieldFilter[] {
  const tags = params.getAll("tag").flatMap((text) => {
    const match = /^([^=!]+)(!?=)([\s\S]+)$/.exec(text);
    if (!match?.[1] || !match[3]) return [];
    return [{ name: TAG + match[1], value: match[3], exclude: match[2] === "!=" }];
  });
  const plain = ["frame", "deploy"].flatMap((name) => {
    const { include, exclude } = parseFacet(params.getAll(name));
    return [
      ...include.map((value) => ({ name, value, exclude: false })),
      ...exclude.map((value) => ({ name, value, exclude: true })),
    ];
  });
  return [...tags, ...plain];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values.filter((value) => value !== ""))].slice(0, MAX_VALUES);
}
