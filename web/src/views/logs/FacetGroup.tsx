import { ChevronDown } from "lucide-react";
import { useState } from "react";
import type { LabelValue } from "../../api/types";
import { compareLevels } from "../../lib/levels";
import { useView } from "../../state/useView";
import type { Facet, FacetFilter } from "../../state/view";
import { cx } from "../../ui/cx";
import { FacetValue } from "./FacetValue";

const SHORT = 8;
const NAMES: Record<Facet, string> = {
  service: "Service",
  level: "Level",
  env: "Environment",
  host: "Host",
  container: "Container",
  job: "Job",
};

interface FacetGroupProps {
  facet: Facet;
  values: readonly LabelValue[];
  /** Whether the numbers of the values are known. */
  counted: boolean;
}

/** One facet: its largest values, the rest on demand. */
export function FacetGroup({ facet, values, counted }: FacetGroupProps) {
  const { view } = useView();
  const [folded, setFolded] = useState(facet === "job");
  const [all, setAll] = useState(false);
  const known = withChosen(values, view.filters[facet]);
  const sorted = facet === "level" ? [...known].sort((a, b) => compareLevels(a.value, b.value)) : known;
  if (sorted.length === 0) return null;
  const shown = all ? sorted : sorted.slice(0, SHORT);
  const largest = Math.max(...sorted.map(({ count }) => count), 1);
  return (
    <section aria-label={NAMES[facet]}>
      <h2>
        <button
          type="button"
          aria-expanded={!folded}
          onClick={() => setFolded(!folded)}
          className="flex h-6 w-full items-center gap-1 rounded-sm px-1 text-meta text-muted hover:text-text pointer-coarse:h-10"
        >
          <ChevronDown
            size={12}
            aria-hidden
            className={cx("transition-transform duration-100", folded && "-rotate-90")}
          />
          {NAMES[facet]}
        </button>
      </h2>
      {!folded && (
        <ul>
          {shown.map(({ value, count }) => (
            <FacetValue
              key={value}
              facet={facet}
              value={value}
              count={counted ? count : null}
              share={count / largest}
            />
          ))}
        </ul>
      )}
      {!folded && sorted.length > SHORT && (
        <button
          type="button"
          onClick={() => setAll(!all)}
          className="h-6 rounded-sm px-2 text-meta text-accent hover:underline pointer-coarse:h-10"
        >
          {all ? "Fewer" : `${sorted.length - SHORT} more`}
        </button>
      )}
    </section>
  );
}

// A filtered value stays in the list even when no line has it, so that it can be taken out again.
function withChosen(values: readonly LabelValue[], { include, exclude }: FacetFilter): LabelValue[] {
  const missing = [...include, ...exclude].filter((value) => values.every((known) => known.value !== value));
  return [...missing.map((value) => ({ value, count: 0 })), ...values];
}
