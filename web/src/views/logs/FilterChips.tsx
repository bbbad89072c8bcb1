import { X } from "lucide-react";
import { EVENT_FACETS } from "../../api/issues";
import { patternName } from "../../lib/patterns";
import { clearFilters, removeFilter, withoutMark } from "../../state/filters";
import { useView } from "../../state/useView";
import { FACETS, TAG, type View } from "../../state/view";
import { cx } from "../../ui/cx";

interface Chip {
  name: string;
  value: string;
  exclude: boolean;
  without: () => View;
}

/** What the chips' filters are of: lines, the list of issues, or the events of one issue. */
type FilterOf = "lines" | "issues" | "events";

/** Every filter in force, each removed with one click; nothing when there is none. */
export function FilterChips({ of = "lines", className }: { of?: FilterOf; className?: string }) {
  const { view, setView } = useView();
  const chips = listChips(view, of);
  if (chips.length === 0) return null;
  return (
    <ul aria-label="Filters in force" className={cx("flex flex-wrap items-center gap-1.5", className)}>
      {chips.map((chip) => (
        <li key={`${chip.name} ${chip.exclude} ${chip.value}`} className="min-w-0">
          <button
            type="button"
            onClick={() => setView(chip.without())}
            title="Remove this filter"
            className={cx(
              "flex h-6 max-w-full items-center gap-1.5 rounded-full border px-2.5 text-meta pointer-coarse:h-10",
              chip.exclude ? "border-error/40 bg-error/8" : "border-accent/40 bg-select",
            )}
          >
            <span className="text-muted">
              {chip.name} {relation(chip)}
            </span>
            <span className="truncate font-semibold">{chip.value}</span>
            <X size={12} aria-hidden className="shrink-0 text-muted" />
          </button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <button
            type="button"
            onClick={() => setView(clearFilters(view))}
            className="h-6 rounded-sm px-2 text-meta text-accent hover:underline pointer-coarse:h-10"
          >
            Clear all
          </button>
        </li>
      )}
    </ul>
  );
}

function relation({ name, exclude }: Chip): string {
  if (name === "text") return exclude ? "lacks" : "has";
  return exclude ? "is not" : "is";
}

// The query, or the first text, is in the search field, one environment is in the header: they need no chip.
function listChips(view: View, of: FilterOf): Chip[] {
  const facets = (of === "events" ? EVENT_FACETS : FACETS).flatMap((name) => {
    const { include, exclude } = view.filters[name];
    const shown = name === "env" && include.length === 1 ? [] : include;
    const chip = (value: string, out: boolean): Chip => ({
      name,
      value,
      exclude: out,
      without: () => removeFilter(view, name, value),
    });
    return [...shown.map((value) => chip(value, false)), ...exclude.map((value) => chip(value, true))];
  });
  if (of === "events") return facets;
  const marks = (of === "issues" ? view.marks : []).map(
    (mark): Chip => ({
      ...mark,
      name: mark.name.startsWith(TAG) ? mark.name.slice(TAG.length) : mark.name,
      without: () => withoutMark(view, mark.name, mark.value),
    }),
  );
  const fields = view.fields.map(
    (field): Chip => ({ ...field, without: () => removeFilter(view, field.name, field.value) }),
  );
  const words = (view.query ? view.q : view.q.slice(1)).map(
    (value): Chip => ({
      name: "text",
      value,
      exclude: false,
      without: () => ({ ...view, q: view.q.filter((word) => word !== value) }),
    }),
  );
  const lacks = view.not.map(
    (value): Chip => ({
      name: "text",
      value,
      exclude: true,
      without: () => ({ ...view, not: view.not.filter((word) => word !== value) }),
    }),
  );
  const patterns = view.patterns.map(
    (text): Chip => ({
      name: "pattern",
      value: patternName(text),
      exclude: text.startsWith("!"),
      without: () => ({ ...view, line: "", patterns: view.patterns.filter((other) => other !== text) }),
    }),
  );
  return [...facets, ...marks, ...fields, ...words, ...lacks, ...patterns];
}
