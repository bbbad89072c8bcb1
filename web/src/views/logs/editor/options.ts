import {
  type Completion,
  type CompletionSource,
  snippetCompletion,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { escapeRegex, quote } from "../../../state/logql";
import { type Place, placeAt } from "./place";

/** Loads the names of labels, or the values of one; its failure means that none are offered. */
export type LoadOptions = (label?: string) => Promise<string[]>;

const OPERATORS: Completion[] = [
  { label: "=", detail: "is" },
  { label: "!=", detail: "is not" },
  { label: "=~", detail: "fits the pattern" },
  { label: "!~", detail: "does not fit the pattern" },
].map((option) => ({ ...option, apply: andOffer(option.label) }));

const STAGES: Completion[] = [
  { label: "json", detail: "fields of JSON lines" },
  { label: "logfmt", detail: "fields of key=value lines" },
  snippetCompletion("pattern `#{}`", { label: "pattern", detail: "fields by <name> in a template" }),
  snippetCompletion("regexp `#{}`", { label: "regexp", detail: "fields by named groups" }),
  { label: "unpack", detail: "lines of the stage pack" },
  snippetCompletion("line_format `#{}`", { label: "line_format", detail: "the line as a template says" }),
  { label: "label_format", detail: "renames or sets a label", apply: andOffer("label_format ") },
  { label: "decolorize", detail: "without ANSI colours" },
  { label: "drop", detail: "without these labels", apply: andOffer("drop ") },
  { label: "keep", detail: "with these labels only", apply: andOffer("keep ") },
];

const PIPELINE: Completion[] = [
  snippetCompletion('|= "#{}"', { label: "|=", detail: "line contains", boost: 9 }),
  snippetCompletion('!= "#{}"', { label: "!=", detail: "line lacks", boost: 8 }),
  snippetCompletion("|~ `#{}`", { label: "|~", detail: "line fits the expression", boost: 7 }),
  snippetCompletion("!~ `#{}`", { label: "!~", detail: "line does not fit it", boost: 6 }),
  snippetCompletion("|> `#{}`", { label: "|>", detail: "line fits the pattern with <_>", boost: 5 }),
  snippetCompletion("!> `#{}`", { label: "!>", detail: "line does not fit it", boost: 4 }),
  { label: "| json", detail: "fields of JSON lines" },
  { label: "| logfmt", detail: "fields of key=value lines" },
];

/** What can be written next in a query of LogQL, with the labels and values that `load` knows. */
export function logqlCompletion(load: LoadOptions): CompletionSource {
  return async (context) => {
    const place = placeAt(context.state.sliceDoc(0, context.pos));
    if (!place) return null;
    // Behind a part that is complete, Enter is to run the query: nothing opens by itself.
    if (place.kind === "pipeline" && place.from === context.pos && !context.explicit) return null;
    const options = await optionsAt(place, load);
    return options.length === 0 ? null : { from: place.from, options };
  };
}

async function optionsAt(place: Place, load: LoadOptions): Promise<Completion[]> {
  if (place.kind === "pipeline") return PIPELINE;
  if (place.kind === "operator") return OPERATORS;
  const found = await load(place.kind === "value" ? place.label : undefined).catch(() => []);
  if (place.kind === "value") return found.map((value) => valueOption(place, value));
  const labels = found.map((name) => ({ label: name }));
  return place.kind === "stage" ? [...STAGES, ...labels] : labels;
}

/** A value in the writing of its place: quoted, with its end if there is none yet, escaped where it is part of a pattern. */
function valueOption(place: Place & { kind: "value" }, value: string): Completion {
  const exact = place.operator.endsWith("~") ? escapeRegex(value) : value;
  const mark = place.quote === "" ? '"' : place.quote;
  const written = mark === '"' ? quote(exact).slice(1, -1) : exact;
  return {
    label: value,
    apply: (view, _completion, from, to) => {
      const open = place.quote === "" ? mark : "";
      const closed = view.state.sliceDoc(to, to + 1) === mark;
      insert(view, from, to, open + written + (closed ? "" : mark), closed ? 1 : 0);
    },
  };
}

/** An option that is written and followed by the next list. */
function andOffer(text: string): NonNullable<Completion["apply"]> {
  return (view, _completion, from, to) => {
    insert(view, from, to, text, 0);
    startCompletion(view);
  };
}

function insert(view: EditorView, from: number, to: number, text: string, skip: number): void {
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: from + text.length + skip },
    userEvent: "input.complete",
    scrollIntoView: true,
  });
}
