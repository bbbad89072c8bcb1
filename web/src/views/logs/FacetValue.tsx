import { Check, Minus } from "lucide-react";
import { formatShort } from "../../lib/format";
import { toLevel } from "../../lib/levels";
import { filterMode, type Mode, toggleFilter } from "../../state/filters";
import { useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { levelText } from "../../ui/LevelTag";

interface FacetValueProps {
  /** The name of a label or field. */
  facet: string;
  value: string;
  /** How many lines have it; null when that is not known. */
  count: number | null;
  /** Of the facet's largest value, 0 to 1: the width of the bar behind the name. */
  share: number;
}

/** A value that is clicked in, or out with Alt or the minus. */
export function FacetValue({ facet, value, count, share }: FacetValueProps) {
  const { view, setView } = useView();
  const mode = filterMode(view, facet, value);
  const toggle = (next: Mode) => setView(toggleFilter(view, facet, value, next));
  return (
    <li className="group relative flex items-center rounded-sm hover:bg-hover">
      <span
        aria-hidden
        className="absolute inset-y-0.5 left-0 rounded-sm bg-hover"
        style={{ width: `${Math.round(share * 100)}%` }}
      />
      <button
        type="button"
        aria-pressed={mode === "include"}
        data-facet={facet}
        data-value={value}
        onClick={(event) => toggle(event.altKey ? "exclude" : "include")}
        title={`${value}: click shows only it, Alt-click leaves it out`}
        className="relative flex min-h-6 min-w-0 flex-1 items-center gap-1.5 rounded-sm px-1.5 text-left pointer-coarse:min-h-10"
      >
        <ModeMark mode={mode} />
        <span
          className={cx(
            "line-clamp-2 wrap-anywhere",
            facet === "level" && levelText(toLevel(value)),
            mode === "include" && "font-semibold",
            mode === "exclude" && "line-through opacity-70",
          )}
        >
          {value}
        </span>
        <span className="ml-auto shrink-0 pl-2 text-meta text-muted">
          {count !== null && formatShort(count)}
        </span>
      </button>
      <button
        type="button"
        aria-label={`Leave out ${facet} ${value}`}
        title="Leave it out"
        aria-pressed={mode === "exclude"}
        onClick={() => toggle("exclude")}
        className="relative flex h-6 w-6 shrink-0 items-center justify-center rounded-sm text-muted opacity-0 group-hover:opacity-100 hover:text-text focus-visible:opacity-100 pointer-coarse:size-10 pointer-coarse:opacity-100"
      >
        <Minus size={12} aria-hidden />
      </button>
    </li>
  );
}

function ModeMark({ mode }: { mode: Mode | null }) {
  return (
    <span aria-hidden className="inline-flex w-3 shrink-0 justify-center">
      {mode === "include" && <Check size={12} className="text-accent" />}
      {mode === "exclude" && <Minus size={12} className="text-error" />}
    </span>
  );
}
