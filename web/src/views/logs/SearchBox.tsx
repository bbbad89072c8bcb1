import { Search, X } from "lucide-react";
import {
  type ComponentType,
  type FormEvent,
  type KeyboardEvent,
  useEffect,
  useEffectEvent,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useHistoryState } from "wouter/use-browser-location";
import type { Bounds } from "../../api/queries";
import { useView } from "../../state/useView";
import type { View } from "../../state/view";
import { cx } from "../../ui/cx";
import type { LogqlEditorProps } from "./editor/LogqlEditor";
import { focusSearch, SEARCH_STATE } from "./focusSearch";
import { SuggestionList } from "./SuggestionList";
import { type Suggestion, useSuggestions } from "./useSuggestions";

const TYPING_MS = 600;
const TEXT_MAX = 1000;
const QUERY_MAX = 5000;
const NO_TIME = { startMs: 0, endMs: 0 };

interface SearchBoxProps {
  /** What the text is, for those who do not see the field. */
  label?: string;
  placeholder?: string;
  /** Filters that may stand among the words, and become filters of the view. */
  syntax?: {
    hasFilters: (text: string) => boolean;
    readSearch: (text: string, view: View) => { view: View; words: string };
  };
  /** The range of which labels and values are offered in LogQL; without it LogQL is not understood. */
  logql?: Bounds;
}

/** Plain text to search for, in any case; applied on Enter or when typing rests. */
export function SearchBox({
  label = "Text that the lines contain",
  placeholder = "Search the lines",
  syntax,
  logql,
}: SearchBoxProps) {
  const { view, setView } = useView();
  const applied = view.query || (view.q[0] ?? "");
  const [text, setText] = useState(applied);
  const [followed, setFollowed] = useState(applied);
  // While it renders: an effect would come after the next key, and undo it. What was typed keeps its spaces.
  if (followed !== applied) {
    setFollowed(applied);
    if (text.trim() !== applied) setText(applied);
  }
  // Typing goes on where it was when the field becomes the editor or the other way round.
  const hasFocus = useRef(false);
  const caret = useRef<number | null>(null);
  const { grammar, loadGrammar } = useGrammar(logql !== undefined && mayBeMetric(text));
  // An editor stays while a query is changed, whatever it is in between.
  const [stays, setStays] = useState(false);
  const isLogql = logql !== undefined && (isQuery(text, view, grammar) || (stays && text.includes("{")));
  if (isLogql !== stays) setStays(isLogql);
  const Editor = useEditor(isLogql);
  // Open while the reader types, until one is chosen or the text is applied.
  const [typing, setTyping] = useState(false);
  const suggestions = useSuggestions(text, view, logql ?? NO_TIME, typing && !!logql && !isLogql);
  const choose = ({ choose }: Suggestion) => {
    setTyping(false);
    if ("query" in choose) {
      caret.current = choose.caret ?? choose.query.length;
      setText(choose.query);
      return;
    }
    setText("");
    setView(choose.view);
  };
  const wanted = useHistoryState<{ focus?: string } | null>()?.focus === SEARCH_STATE.focus;

  useEffect(() => {
    if (wanted) focusSearch();
  }, [wanted]);

  const apply = (next: string, replace: boolean, asQuery = false) => {
    const word = next.trim();
    if (word === applied) return;
    const rest = view.query ? view.q : view.q.slice(1);
    if (syntax?.hasFilters(word)) {
      const read = syntax.readSearch(word, view);
      setText(read.words);
      setView({ ...read.view, line: "", q: [...(read.words ? [read.words] : []), ...rest] });
      return;
    }
    setView(
      asQuery
        ? { ...view, line: "", query: word, q: rest }
        : { ...view, line: "", query: "", q: [...(word ? [word] : []), ...rest] },
      { replace },
    );
  };
  // Neither a query nor a filter is right before it is complete: they wait for Enter.
  const isUnknown = logql !== undefined && mayBeMetric(text) && !grammar;
  useResting(text, () => !isLogql && !isUnknown && !syntax?.hasFilters(text) && apply(text, true));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTyping(false);
    apply(text, false, isLogql || (isUnknown && isQuery(text, view, await loadGrammar())));
  };
  return (
    <search
      className={cx("min-w-0 flex-1 max-sm:basis-full", Editor && "max-md:basis-full")}
      onFocus={() => {
        hasFocus.current = true;
      }}
      onBlur={() => {
        hasFocus.current = false;
        setTyping(false);
      }}
    >
      <form onSubmit={submit} className="relative">
        <Search
          size={14}
          aria-hidden
          className="absolute top-2.25 left-2.5 text-muted pointer-coarse:top-3.25"
        />
        {Editor && logql ? (
          <Editor
            label={label}
            text={text}
            maxLength={QUERY_MAX}
            bounds={logql}
            caret={caret}
            takesFocus={hasFocus}
            onChange={setText}
            onRun={(written) => apply(written, false, written.includes("{"))}
          />
        ) : (
          <PlainField
            label={label}
            placeholder={placeholder}
            text={text}
            maxLength={logql ? QUERY_MAX : TEXT_MAX}
            mono={isLogql}
            caret={caret}
            takesFocus={hasFocus}
            suggestions={suggestions}
            onChoose={choose}
            onDismiss={() => setTyping(false)}
            onChange={(next) => {
              setTyping(true);
              setText(next);
            }}
          />
        )}
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
            className="absolute top-0 right-0 flex h-8 w-8 items-center justify-center text-muted hover:text-text pointer-coarse:h-10 pointer-coarse:w-10"
          >
            <X size={14} aria-hidden />
          </button>
        )}
      </form>
    </search>
  );
}

interface PlainFieldProps
  extends Pick<LogqlEditorProps, "label" | "text" | "maxLength" | "caret" | "takesFocus"> {
  placeholder: string;
  mono: boolean;
  suggestions: readonly Suggestion[];
  onChoose: (suggestion: Suggestion) => void;
  onDismiss: () => void;
  onChange: (text: string) => void;
}

function PlainField({
  label,
  placeholder,
  text,
  maxLength,
  mono,
  caret,
  takesFocus,
  suggestions,
  onChoose,
  onDismiss,
  onChange,
}: PlainFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const [at, setAt] = useState(-1); // the text itself, as it is
  const active = Math.min(at, suggestions.length - 1);
  const open = suggestions.length > 0;
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const chosen = suggestions[active];
    if (open && step !== 0)
      setAt(((active + 1 + step + suggestions.length + 1) % (suggestions.length + 1)) - 1);
    else if (chosen && event.key === "Enter") onChoose(chosen);
    else if (open && event.key === "Escape") onDismiss();
    else {
      if (event.key === "Escape") event.currentTarget.blur();
      return;
    }
    event.preventDefault();
  };
  // A layout effect: when the editor has just gone, a key between would find neither.
  useLayoutEffect(() => {
    if (!takesFocus.current) return;
    input.current?.focus();
    input.current?.setSelectionRange(caret.current, caret.current);
  }, [caret, takesFocus]);
  return (
    <>
      <input
        ref={input}
        data-search
        type="text"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        enterKeyHint="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        maxLength={maxLength}
        autoComplete="off"
        spellCheck={false}
        dir="auto"
        onChange={(event) => {
          caret.current = event.target.selectionStart; // the editor may be there before the field says so by itself
          setAt(-1);
          onChange(event.target.value);
        }}
        onSelect={(event) => {
          caret.current = event.currentTarget.selectionStart;
        }}
        onKeyDown={onKey}
        className={cx(
          "h-8 w-full rounded-md border border-line bg-panel pr-8 pl-8 text-ellipsis pointer-coarse:h-10 pointer-coarse:text-[1rem]",
          mono && "font-mono text-code",
        )}
      />
      {open && <SuggestionList id={id} suggestions={suggestions} active={active} onChoose={onChoose} />}
    </>
  );
}

/**
 * The editor, once it is wanted and loaded: plain text needs none of it. Until
 * then, and where it cannot be loaded, the plain field takes LogQL too.
 */
function useEditor(wanted: boolean): ComponentType<LogqlEditorProps> | null {
  const [editor, setEditor] = useState<{ Editor: ComponentType<LogqlEditorProps> } | null>(null);
  useEffect(() => {
    if (!wanted || editor) return;
    import("./editor/LogqlEditor").then(
      (module) => setEditor({ Editor: module.LogqlEditor }),
      () => {},
    );
  }, [wanted, editor]);
  return wanted && editor ? editor.Editor : null;
}

/** True for LogQL; anything else is plain text. */
function isQuery(text: string, view: View, grammar: Grammar | null): boolean {
  if (isLogQuery(text) || (text !== "" && text === view.query)) return true;
  return mayBeMetric(text) && (grammar?.isMetricText(text) ?? false);
}

/** True for a log query, which begins with its stream selector. */
function isLogQuery(text: string): boolean {
  return text.trimStart().startsWith("{");
}

/** True for texts that have a stream selector somewhere: the grammar tells whether they are metric queries. */
function mayBeMetric(text: string): boolean {
  return !isLogQuery(text) && text.includes("{");
}

type Grammar = typeof import("../../lib/metricGrammar");

/** The grammar of metric queries, once it is wanted and loaded; where it cannot be, they are plain text. */
function useGrammar(wanted: boolean) {
  const [loaded, setLoaded] = useState<{ grammar: Grammar } | null>(null);
  const loadGrammar = async () => {
    if (loaded) return loaded.grammar;
    const grammar = await import("../../lib/metricGrammar").catch(() => null);
    if (grammar) setLoaded({ grammar });
    return grammar;
  };
  const begin = useEffectEvent(loadGrammar);
  useEffect(() => {
    if (wanted) begin();
  }, [wanted]);
  return { grammar: loaded?.grammar ?? null, loadGrammar };
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
