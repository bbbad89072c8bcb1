import { ERROR_LEVELS } from "../lib/levels";
import {
  DEFAULT_SPAN_MS,
  emptyFilters,
  FACETS,
  type Facet,
  type FieldFilter,
  isMetric,
  TAG,
  type View,
} from "./view";

export type Mode = "include" | "exclude";

export function isFacet(name: string): name is Facet {
  return FACETS.some((facet) => facet === name);
}

/** "include", "exclude" or null: how a value of a label is filtered now. */
export function filterMode(view: View, name: string, value: string): Mode | null {
  if (!isFacet(name)) {
    const field = view.fields.find((other) => other.name === name && other.value === value);
    return field ? (field.exclude ? "exclude" : "include") : null;
  }
  if (view.filters[name].include.includes(value)) return "include";
  return view.filters[name].exclude.includes(value) ? "exclude" : null;
}

/** The view with the value filtered in or out; the same mode again removes the filter. */
export function toggleFilter(view: View, name: string, value: string, mode: Mode): View {
  const next = filterMode(view, name, value) === mode ? null : mode;
  return isFacet(name) ? withFacet(view, name, value, next) : withField(view, name, value, next);
}

/** The view without any filter on the value. */
export function removeFilter(view: View, name: string, value: string): View {
  return isFacet(name) ? withFacet(view, name, value, null) : withField(view, name, value, null);
}

/**
 * The view with the issues that have, or lack, a value: of a label, of the tag of that name, or with `frame` and
 * `deploy` a function in the traceback and the version that they came with.
 */
export function withMark(view: View, name: string, value: string, mode: Mode): View {
  if (isFacet(name))
    return filterMode(view, name, value) === mode ? view : toggleFilter(view, name, value, mode);
  const mark = markName(name);
  const others = withoutMark(view, mark, value);
  return { ...others, marks: [...others.marks, { name: mark, value, exclude: mode === "exclude" }] };
}

/** The view without the filter of issues on a value. */
export function withoutMark(view: View, name: string, value: string): View {
  const marks = view.marks.filter((mark) => mark.name !== name || mark.value !== value);
  return { ...view, line: "", marks };
}

function markName(name: string): string {
  return name === "frame" || name === "deploy" || name.startsWith(TAG) ? name : TAG + name;
}

/** The view showing only these values of a facet; none means all. */
export function onlyValues(view: View, facet: Facet, values: readonly string[]): View {
  return { ...view, line: "", filters: { ...view.filters, [facet]: { include: values, exclude: [] } } };
}

/** True if the view shows the levels that count as errors, and no other. */
export function isErrorsOnly({ filters: { level } }: View): boolean {
  const all = ERROR_LEVELS.every((name) => level.include.includes(name));
  return all && level.include.length === ERROR_LEVELS.length && level.exclude.length === 0;
}

/** The view with errors only, or with all levels if it has that already. */
export function toggleErrors(view: View): View {
  return onlyValues(view, "level", isErrorsOnly(view) ? [] : ERROR_LEVELS);
}

/** The view without any filter, of lines or of issues; the environment stays, for it is chosen elsewhere. */
export function clearFilters(view: View): View {
  return { ...allLines(view), states: [], assignees: [], marks: [] };
}

/** The view of all lines of its environments, and of none by itself. */
export function allLines(view: View): View {
  const filters = { ...emptyFilters(), env: view.filters.env };
  return { ...view, line: "", filters, fields: [], q: [], not: [], patterns: [], query: "" };
}

/** The view with all environments. */
export function clearEnv(view: View): View {
  return { ...view, filters: { ...view.filters, env: emptyFilters().env } };
}

/**
 * The view with the live tail on or off, of no one line or request; a closed range gives way to the present. The values of
 * a metric query have none.
 */
export function withTail(view: View, on: boolean): View {
  const tail = on && !isMetric(view.query);
  const closed = tail && view.range.kind === "absolute";
  return {
    ...view,
    tail,
    line: "",
    request: "",
    range: closed ? { kind: "relative", spanMs: DEFAULT_SPAN_MS } : view.range,
  };
}

/** The view with a field as a column of the list, or without it. */
export function toggleColumn(view: View, name: string): View {
  const others = view.columns.filter((other) => other !== name);
  return { ...view, columns: others.length < view.columns.length ? others : [...others, name] };
}

/** How many filters narrow the view, the environment not counted; with some, an empty bucket is "no match", not "no data". */
export function countFilters(view: View): number {
  const facets = FACETS.filter((facet) => facet !== "env").map((facet) => view.filters[facet]);
  const values = facets.reduce((sum, { include, exclude }) => sum + include.length + exclude.length, 0);
  const texts = view.q.length + view.not.length + view.patterns.length;
  return values + view.fields.length + texts + (view.query === "" ? 0 : 1);
}

/** The view with only the lines of a pattern, or without them; `pattern` is a filter that finds them. */
export function withPattern(view: View, pattern: string, mode: Mode): View {
  const negated = `!${pattern.slice(1)}`;
  const others = view.patterns.filter((other) => other !== pattern && other !== negated);
  return { ...view, line: "", patterns: [...others, mode === "include" ? pattern : negated] };
}

function withFacet(view: View, facet: Facet, value: string, mode: Mode | null): View {
  const { include, exclude } = view.filters[facet];
  const filter = {
    include: mode === "include" ? [...include, value] : include.filter((other) => other !== value),
    exclude: mode === "exclude" ? [...exclude, value] : exclude.filter((other) => other !== value),
  };
  return { ...view, line: "", filters: { ...view.filters, [facet]: filter } };
}

function withField(view: View, name: string, value: string, mode: Mode | null): View {
  const others = view.fields.filter((field) => field.name !== name || field.value !== value);
  const added: FieldFilter[] = mode ? [{ name, value, exclude: mode === "exclude" }] : [];
  return { ...view, line: "", fields: [...others, ...added] };
}
