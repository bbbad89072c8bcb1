import { useQuery } from "@tanstack/react-query";
import { useCompletion } from "../../api/lines";
import { type Bounds, boundParams, useLabels } from "../../api/queries";
import { formatShort } from "../../lib/format";
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
  choose: { view: View } | { query: string };
}

const SHOWN = 8;
const LEAST = 2;

/** Labels' values and fields whose names a text is part of; nothing is asked for before `open`. */
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
  return [...values, ...names].slice(0, SHOWN);
}
