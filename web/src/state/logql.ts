import { FACETS, type View } from "./view";

/**
 * The LogQL query of a view that filters by fields beyond the API's own
 * filters (any label or structured metadata). Without such fields the API's
 * filters are used instead, because they keep facet alternatives visible.
 */
export function buildLogQL(view: View): string {
  const matchers = FACETS.flatMap((facet) => {
    const { include, exclude } = view.filters[facet];
    return [...matcher(facet, "=", include), ...matcher(facet, "!", exclude)];
  });
  if (!view.filters.service.include.length) matchers.unshift('service=~".+"');
  const text = view.q.map((word) => ` |~ ${quote(`(?i)${escapeRegex(word)}`)}`);
  const fields = view.fields.map(
    ({ name, value, exclude }) => ` | ${name} ${exclude ? "!=" : "="} ${quote(value)}`,
  );
  return `{${matchers.join(", ")}}${text.join("")}${fields.join("")}`;
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
