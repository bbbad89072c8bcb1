import { FACETS, type FieldFilter, JSON_FIELD, type View } from "./view";

/**
 * The LogQL query of a view that filters by fields beyond the API's own
 * filters (any label, structured metadata or member of a JSON line), or that
 * has a query of its own, which the filters then narrow. Otherwise the API's
 * filters are used instead, because they keep facet alternatives visible.
 */
export function buildLogQL(view: View): string {
  // What begins as a selector and does not end as one is wrong: Loki says where, in what the reader has written.
  if (view.query.trimStart().startsWith("{") && !SELECTOR.test(view.query)) return view.query;
  const base = splitSelector(view.query);
  const { matchers, stages } = filterLogQL(view);
  if (base.matchers !== "") matchers.unshift(base.matchers);
  else if (!view.filters.service.include.length) matchers.unshift('service=~".+"');
  const lineEnd = /#[^\n]*$/.test(base.pipeline) ? "\n" : ""; // a comment ends with its line
  return `{${matchers.join(", ")}}${base.pipeline}${lineEnd}${stages}`;
}

/** The filters of a view, its query aside, as LogQL has them: in the stream selector, and behind it. */
export function filterLogQL(view: View): { matchers: string[]; stages: string } {
  const matchers = FACETS.flatMap((facet) => {
    const { include, exclude } = view.filters[facet];
    return [...matcher(facet, "=", include), ...matcher(facet, "!", exclude)];
  });
  const text = view.q.map((word) => ` |~ ${quote(`(?i)${escapeRegex(word)}`)}`);
  const not = view.not.map((word) => ` !~ ${quote(`(?i)${escapeRegex(word)}`)}`);
  const patterns = view.patterns.map((text) => ` ${text.slice(0, 2)} ${quote(text.slice(2))}`);
  return { matchers, stages: [...text, ...not, ...patterns].join("") + fieldFilters(view.fields) };
}

const SELECTOR = /^\s*\{((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`}])*)\}([\s\S]*)$/;

/** The matchers of a query's stream selector, and what follows the selector; a query without one is all pipeline. */
export function splitSelector(query: string): { matchers: string; pipeline: string } {
  const match = SELECTOR.exec(query);
  if (!match) return { matchers: "", pipeline: query.trim() === "" ? "" : ` ${query.trim()}` };
  return { matchers: (match[1] ?? "").trim().replace(/,$/, ""), pipeline: (match[2] ?? "").trimEnd() };
}

// Members of JSON lines get names of their own, which are dropped again: what a
// line carries must not depend on the filters, or links to it would not hold.
function fieldFilters(fields: readonly FieldFilter[]): string {
  const members = [...new Set(fields.flatMap(({ name }) => memberOf(name) ?? []))];
  const parse = members.map((name) => `${alias(name)}=${quote(name)}`).join(", ");
  const filters = fields.map(({ name, value, exclude }) => {
    const member = memberOf(name);
    return ` | ${member ? alias(member) : name} ${exclude ? "!=" : "="} ${quote(value)}`;
  });
  const drop =
    members.length > 0 ? ` | drop ${members.map(alias).join(", ")}, __error__, __error_details__` : "";
  return `${parse && ` | json ${parse}`}${filters.join("")}${drop}`;
}

function memberOf(name: string): string | null {
  return name.startsWith(JSON_FIELD) ? name.slice(JSON_FIELD.length) : null;
}

function alias(member: string): string {
  return `json_${member}`;
}

/** A LogQL string literal. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Text as a regular expression (RE2) that matches exactly it. */
export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function matcher(name: string, kind: "=" | "!", values: readonly string[]): string[] {
  if (values.length === 0) return [];
  if (values.length === 1) return [`${name}${kind === "=" ? "=" : "!="}${quote(values[0] ?? "")}`];
  return [`${name}${kind === "=" ? "=~" : "!~"}${quote(values.map(escapeRegex).join("|"))}`];
}
