import type { Entry, Snapshot } from "../api/types";
import { FACETS, type Facet, type View } from "../state/view";
import { formatCount, plural } from "./format";
import { fieldValue } from "./message";
import { nsToMs } from "./time";

type Test = (entry: Entry) => boolean;

/**
 * The frozen lines that are left by the filters and the range that were set since. Those with which they were frozen
 * hold for all of them, as Loki has judged it, and are not judged again.
 */
export function narrowed(entries: readonly Entry[], view: View, frozen: View): readonly Entry[] {
  const tests = [
    ...FACETS.flatMap((facet) => facetTest(facet, view, frozen)),
    ...fieldTests(view, frozen),
    ...textTests(view, frozen),
    ...rangeTest(view, frozen),
  ];
  return tests.length === 0 ? entries : entries.filter((entry) => tests.every((test) => test(entry)));
}

function facetTest(facet: Facet, view: View, frozen: View): Test[] {
  const { include, exclude } = view.filters[facet];
  if (JSON.stringify(view.filters[facet]) === JSON.stringify(frozen.filters[facet])) return [];
  return [
    (entry) => {
      const value = fieldValue(entry, facet);
      return (include.length === 0 || include.includes(value)) && !exclude.includes(value);
    },
  ];
}

function fieldTests(view: View, frozen: View): Test[] {
  const old = new Set(frozen.fields.map((field) => JSON.stringify(field)));
  return view.fields
    .filter((field) => !old.has(JSON.stringify(field)))
    .map(
      ({ name, value, exclude }) =>
        (entry) =>
          (fieldValue(entry, name) === value) !== exclude,
    );
}

function textTests(view: View, frozen: View): Test[] {
  const has = (word: string) => (entry: Entry) => entry.line.toLowerCase().includes(word.toLowerCase());
  const lacks = (word: string) => (entry: Entry) => !has(word)(entry);
  return [
    ...view.q.filter((word) => !frozen.q.includes(word)).map(has),
    ...view.not.filter((word) => !frozen.not.includes(word)).map(lacks),
  ];
}

function rangeTest({ range }: View, frozen: View): Test[] {
  if (range.kind !== "absolute" || JSON.stringify(range) === JSON.stringify(frozen.range)) return [];
  return [
    ({ ts }) => {
      const ms = nsToMs(ts);
      return ms >= range.startMs && ms < range.endMs;
    },
  ];
}

/** How much of what there was is kept: "5,000 of 12,480 lines", "12 lines"; nothing for an issue. */
export function keptWords({ path, lines, total }: Snapshot): string {
  if (path.startsWith("issues/")) return "";
  if (total === lines) return plural(lines, "line");
  return total === null
    ? `${plural(lines, "line")}, there may be more`
    : `${formatCount(lines)} of ${plural(total, "line")}`;
}

/** What a snapshot is of. */
export function kindWords({ path }: Snapshot): string {
  if (path === "lines") return "Logs";
  return path === "story" ? "Story of a request" : `Issue ${path.slice("issues/".length)}`;
}
