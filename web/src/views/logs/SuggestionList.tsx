import { cx } from "../../ui/cx";
import type { Suggestion } from "./useSuggestions";

interface SuggestionListProps {
  id: string;
  suggestions: readonly Suggestion[];
  /** The place of the chosen one, -1 for none. */
  active: number;
  onChoose: (suggestion: Suggestion) => void;
}

/** What the text of the search field may mean, under the field. */
export function SuggestionList({ id, suggestions, active, onChoose }: SuggestionListProps) {
  return (
    <div
      id={id}
      role="listbox"
      aria-label="What the text may mean"
      className="absolute top-full left-0 z-20 mt-1 w-[min(24rem,calc(100vw-1rem))] overflow-hidden rounded-md border border-line bg-panel py-1 shadow-overlay"
    >
      {suggestions.map((suggestion, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the field has the focus and the keys
        <div
          key={suggestion.id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          data-suggestion={suggestion.id}
          onMouseDown={(event) => event.preventDefault() /* the field keeps the focus */}
          onClick={() => onChoose(suggestion)}
          className={cx(
            "flex h-7 cursor-pointer items-center gap-2 px-3 pointer-coarse:h-10",
            index === active ? "bg-select" : "hover:bg-hover",
          )}
        >
          <span className={cx("shrink-0", suggestion.value ? "text-muted" : "font-semibold")}>
            {suggestion.name.replace(/^json\./, "")}
          </span>
          <span className="truncate font-semibold">{suggestion.value}</span>
          <span className="ml-auto shrink-0 pl-3 text-meta text-muted">{suggestion.note}</span>
        </div>
      ))}
    </div>
  );
}
