import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionStatus,
  selectedCompletion,
  setSelectedCompletion,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewline } from "@codemirror/commands";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { type RefObject, useEffectEvent, useLayoutEffect, useRef } from "react";
import { useCompletion } from "../../../api/lines";
import type { Bounds } from "../../../api/queries";
import { useView } from "../../../state/useView";
import { logqlLanguage } from "./language";
import { type LoadOptions, logqlCompletion, wantsMore } from "./options";
import { logqlTheme } from "./theme";

export interface LogqlEditorProps {
  label: string;
  text: string;
  /** In UTF-16 code units, as of an input. */
  maxLength: number;
  /** The range of which labels and values are offered. */
  bounds: Bounds;
  /** Where the cursor is; null means at the end. Kept up to date. */
  caret: RefObject<number | null>;
  /** Whether the editor takes the focus when it appears. */
  takesFocus: RefObject<boolean>;
  onChange: (text: string) => void;
  /** Runs the text as it is written, of which `text` may not know yet. */
  onRun: (text: string) => void;
}

/** Writes a query in LogQL: Enter runs it, Shift-Enter begins a line, Tab takes what is offered, as Enter does once the arrows chose it. */
export function LogqlEditor(props: LogqlEditorProps) {
  const { label, text, maxLength, bounds, caret, takesFocus } = props;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView>(null);
  const first = useRef(text);
  const onChange = useEffectEvent(props.onChange);
  const onRun = useEffectEvent(props.onRun);
  const { view: page } = useView();
  const load = useEffectEvent(useCompletion(page, bounds));
  const spanMs = useEffectEvent(() => bounds.endMs - bounds.startMs);

  // A layout effect: the field whose place it takes is gone, and a key between would find neither.
  useLayoutEffect(() => {
    if (!host.current) return;
    const state = EditorState.create({
      doc: first.current,
      selection: { anchor: Math.min(caret.current ?? first.current.length, first.current.length) },
      extensions: [
        extensions(label, maxLength, load, spanMs, onRun),
        EditorView.updateListener.of((update) => {
          caret.current = update.state.selection.main.head;
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    });
    const root = shadowOf(host.current);
    const view = new EditorView({ state, root, parent: root });
    editor.current = view;
    if (takesFocus.current) {
      view.focus();
      if (wantsMore(state.sliceDoc(0, state.selection.main.head))) startCompletion(view);
    }
    return () => view.destroy();
  }, [label, maxLength, caret, takesFocus]);

  // A layout effect: a later one could undo what was typed after the text was rendered.
  useLayoutEffect(() => {
    const view = editor.current;
    if (!view || view.state.doc.toString() === text) return;
    view.dispatch({
      changes: { from: 0, to: view.state.doc.length, insert: text },
      selection: { anchor: text.length },
    });
  }, [text]);

  return (
    <div
      ref={host}
      data-search
      data-logql
      className="grid min-h-8 w-full items-center rounded-md border border-line bg-panel py-1 font-mono text-code outline-accent focus-within:outline-2 focus-within:outline-offset-1 pointer-coarse:min-h-10 pointer-coarse:text-[1rem]"
    />
  );
}

/**
 * The root in which the editor lives. CodeMirror writes its styles at run time,
 * which the page's content security policy refuses in a document; a shadow
 * root takes them as a constructed sheet, and the policy stays as strict.
 */
function shadowOf(host: HTMLElement): ShadowRoot {
  return host.shadowRoot ?? host.attachShadow({ mode: "open" });
}

function extensions(
  label: string,
  maxLength: number,
  load: LoadOptions,
  spanMs: () => number,
  onRun: (text: string) => void,
): Extension {
  const run = (view: EditorView) => {
    closeCompletion(view);
    onRun(view.state.doc.toString());
    return true;
  };
  const blur = (view: EditorView) => {
    view.contentDOM.blur();
    return true;
  };
  return [
    // Before the keys of the completion, which would take every Enter.
    Prec.highest(
      keymap.of([
        { key: "Mod-Enter", run },
        { key: "Enter", run: (view) => acceptNew(view) || run(view), shift: insertNewline },
        { key: "Tab", run: acceptAny },
      ]),
    ),
    logqlLanguage,
    logqlTheme,
    history(),
    closeBrackets(),
    // A list that opens by itself has nothing chosen, so that Enter runs the query; the keys that take from it may do so at once.
    autocompletion({
      override: [logqlCompletion(load, spanMs)],
      icons: false,
      selectOnOpen: false,
      interactionDelay: 0,
    }),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label, enterkeyhint: "search" }),
    EditorState.changeFilter.of((change) => change.newDoc.length <= maxLength),
    keymap.of([...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap]),
    Prec.lowest(keymap.of([{ key: "Escape", run: blur }])),
  ];
}

/** Takes the chosen option, or else the first. */
function acceptAny(view: EditorView): boolean {
  if (completionStatus(view.state) !== "active") return false;
  if (!selectedCompletion(view.state)) view.dispatch({ effects: setSelectedCompletion(0) });
  return acceptCompletion(view);
}

/** Takes the chosen option, unless just that is written already. */
function acceptNew(view: EditorView): boolean {
  const option = completionStatus(view.state) === "active" ? selectedCompletion(view.state) : null;
  if (!option) return false;
  const { head } = view.state.selection.main;
  if (view.state.sliceDoc(Math.max(0, head - option.label.length), head) === option.label) return false;
  return acceptCompletion(view);
}
