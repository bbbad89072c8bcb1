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
  /** Whether LogQL is understood too. */
  logql?: boolean;
}

/** Plain text to search for, in any case; applied on Enter or when typing rests. */
export function SearchBox({
  label = "Text that the lines contain",
  placeholder = "Search the lines",
  logql = false,
}: SearchBoxProps) {
  const { view, setView } = useView();
  const applied = view.query || (view.q[0] ?? "");
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
    const rest = view.query ? view.q : view.q.slice(1);
    setView(
      logql && isQuery(word)
        ? { ...view, line: "", query: word, q: rest }
        : { ...view, line: "", query: "", q: [...(word ? [word] : []), ...rest] },
      { replace },
    );
  };
  // A query is rarely right before it is complete: it waits for Enter.
  useResting(text, () => !(logql && isQuery(text)) && apply(text, true));

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
          data-logql={(logql && isQuery(text)) || undefined}
          type="text"
          enterKeyHint="search"
          aria-label={label}
          placeholder={placeholder}
          value={text}
          maxLength={logql ? 5000 : 1000}
          autoComplete="off"
          spellCheck={false}
          dir="auto"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          className="h-8 w-full rounded-md border border-line bg-panel pr-8 pl-8 pointer-coarse:h-10 pointer-coarse:text-[1rem] data-logql:font-mono data-logql:text-code"
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

/** True for LogQL, which begins with its stream selector; anything else is plain text. */
function isQuery(text: string): boolean {
  return text.trimStart().startsWith("{");
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
