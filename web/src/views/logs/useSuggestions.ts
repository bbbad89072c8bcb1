import { useQuery } from "@tanstack/react-query";
import { useCompletion } from "../../api/lines";
import { type Bounds, boundParams, useLabels } from "../../api/queries";
import { formatShort } from "../../lib/format";
import { AGGREGATIONS, RANGE_FUNCTIONS, windowFor } from "../../lib/functions";
import { formatDuration } from "../../lib/time";
import { toggleFilter } from "../../state/filters";
import { FACETS, JSON_FIELD, type View } from "../../state/view";

/** What a text that is being typed may mean, beside itself. */
export interface Suggestion {
  id: string;
  /** The label or field. */
  name: string;
  value: string;
  note: string;
  /** The view with it as a filter, or the query to go on with. */
  choose: { view: View } | { query: string; caret?: number };
}

const SHOWN = 8;
const LEAST = 2;
const FUNCTIONS_SHOWN = 3;

/** Labels' values and fields whose names a text is part of, and functions whose names it begins; nothing is asked for before `open`. */
export function useSuggestions(text: string, view: View, bounds: Bounds, open: boolean): Suggestion[] {
  const word = text.trim().toLowerCase();
  const wanted = open && word.length >= LEAST;
  const without = { ...view, q: view.query ? view.q : view.q.slice(1), query: "" };
  const labels = useLabels(without, bounds, wanted).data?.labels;
  const load = useCompletion(without, bounds);
  const fields = useQuery({
    queryKey: ["suggested-fields", without.filters, boundParams(bounds)],
    queryFn: () => load({ fields: true, selector: "" }),
    enabled: wanted,
  });
  if (!wanted) return [];
  const values = FACETS.flatMap((name) =>
    (labels?.[name] ?? [])
      .filter(({ value }) => value.toLowerCase().includes(word))
      .map(({ value, count }): Suggestion => {
        const chosen = toggleFilter(without, name, value, "include");
        return {
          id: `${name} ${value}`,
          name,
          value,
          note: count ? formatShort(count) : "",
          choose: { view: chosen },
        };
      }),
  );
  const names = (fields.data ?? [])
    .filter(({ text: name, kind }) => kind !== "label" && name.toLowerCase().includes(word))
    .map(({ text: name, kind }): Suggestion => {
      const parser = kind === "metadata" ? "" : ` | ${kind}`;
      return {
        id: `${kind} ${name}`,
        name: kind === "json" ? JSON_FIELD + name : name,
        value: "",
        note: "field",
        choose: { query: `{job=~".+"}${parser} | ${name}=` },
      };
    });
  const functions = functionsOf(word, bounds.endMs - bounds.startMs);
  return [...[...values, ...names].slice(0, SHOWN - functions.length), ...functions];
}

/** Metric queries whose function a word begins. */
function functionsOf(word: string, spanMs: number): Suggestion[] {
  const window = formatDuration(windowFor(spanMs));
  const ranges = RANGE_FUNCTIONS.filter(({ name, unwraps }) => !unwraps && name.startsWith(word)).map(
    ({ name, words }) => ({ name, words, open: `${name}(`, close: ")" }),
  );
  const sums = AGGREGATIONS.filter(({ name }) => name.startsWith(word)).map(({ name, words, argument }) =>
    argument === ""
      ? { name, words, open: `${name} by (level) (count_over_time(`, close: "))" }
      : { name, words, open: `${name}(${argument}sum by (service) (count_over_time(`, close: ")))" },
  );
  return [...ranges, ...sums].slice(0, FUNCTIONS_SHOWN).map(({ name, words, open, close }): Suggestion => {
    const before = `${open}{job=~".+"}`;
    return {
      id: `function ${name}`,
      name,
      value: "",
      note: `LogQL: ${words}`,
      choose: { query: `${before} [${window}]${close}`, caret: before.length },
    };
  });
}
