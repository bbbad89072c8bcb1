import { Search, X } from "lucide-react";
import { type FormEvent, useEffect, useEffectEvent, useRef, useState } from "react";
import { useHistoryState } from "wouter/use-browser-location";
import { useView } from "../../state/useView";
import { SEARCH_STATE } from "./focusSearch";

const TYPING_MS = 600;

interface SearchBoxProps {
  /** What the text is, for those who do not see the field. */
  label?: string;
  placeholder?: string;
}

/** Plain text to search for, in any case; applied on Enter or when typing rests. */
export function SearchBox({
  label = "Text that the lines contain",
  placeholder = "Search the lines",
}: SearchBoxProps) {
  const { view, setView } = useView();
  const applied = view.q[0] ?? "";
  const [text, setText] = useState(applied);
  const input = useRef<HTMLInputElement>(null);
  const wanted = useHistoryState<{ focus?: string } | null>()?.focus === SEARCH_STATE.focus;

  useEffect(() => setText(applied), [applied]);
  useEffect(() => {
    if (wanted) input.current?.focus();
  }, [wanted]);

  const apply = (next: string, replace: boolean) => {
    const word = next.trim();
    if (word === applied) return;
    setView({ ...view, line: "", q: [...(word ? [word] : []), ...view.q.slice(1)] }, { replace });
  };
  useResting(text, () => apply(text, true));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply(text, false);
  };
  return (
    <search className="min-w-0 flex-1">
      <form onSubmit={submit} className="relative">
        <Search size={14} aria-hidden className="absolute top-1/2 left-2.5 -translate-y-1/2 text-muted" />
        <input
          ref={input}
          data-search
          type="text"
          enterKeyHint="search"
          aria-label={label}
          placeholder={placeholder}
          value={text}
          maxLength={1000}
          autoComplete="off"
          spellCheck={false}
          dir="auto"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          className="h-8 w-full rounded-md border border-line bg-panel pr-8 pl-8 pointer-coarse:h-10 pointer-coarse:text-[1rem]"
        />
        {text === "" ? (
          <kbd className="pointer-events-none absolute top-1/2 right-2.5 hidden -translate-y-1/2 rounded-sm border border-line px-1 font-sans text-meta text-muted md:block">
            /
          </kbd>
        ) : (
          <button
            type="button"
            aria-label="Clear the search"
            onClick={() => {
              setText("");
              apply("", false);
            }}
            className="absolute top-0 right-0 flex h-full w-8 items-center justify-center text-muted hover:text-text"
          >
            <X size={14} aria-hidden />
          </button>
        )}
      </form>
    </search>
  );
}

/** Calls `apply` when the text has not changed for a while. */
function useResting(text: string, apply: () => void) {
  const rested = useEffectEvent(apply);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the timer starts anew with each change of the text
  useEffect(() => {
    const timer = setTimeout(() => rested(), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
}
