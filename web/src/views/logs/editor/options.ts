import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
  snippetCompletion,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import type { Wanted } from "../../../api/lines";
import type { CompletionOption } from "../../../api/types";
import { AGGREGATIONS, RANGE_FUNCTIONS, type RangeFunction, windowFor } from "../../../lib/functions";
import { formatDuration } from "../../../lib/time";
import { escapeRegex, quote, splitSelector } from "../../../state/logql";
import { type Outer, outerPlace } from "./outer";
import { type Place, placeAt } from "./place";

/** Loads names or values; its failure means that none are offered. */
export type LoadOptions = (wanted: Wanted) => Promise<CompletionOption[]>;

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

/** What can be written next in a query of LogQL, with the labels and values that `load` knows, and windows for the range. */
export function logqlCompletion(load: LoadOptions, spanMs: () => number): CompletionSource {
  return async (context) => {
    const whole = context.state.doc.toString();
    const before = whole.slice(0, context.pos);
    const outer = outerPlace(before);
    if (outer?.kind === "log") return inLogQuery(before, outer.start, context, load);
    // Behind a part that is complete, Enter is to run the query: nothing opens by itself.
    const typed = outer && (outer.from < context.pos || /[[(]\s*$/.test(before));
    if (!outer || !(typed || context.explicit)) return null;
    const options = await outerOptions(outer.kind, whole, load, formatDuration(windowFor(spanMs())));
    return options.length === 0 ? null : { from: outer.from, options };
  };
}

/** True where a query cannot end: there its options are shown at once, elsewhere Enter is to run it. */
export function wantsMore(before: string): boolean {
  const outer = outerPlace(before);
  if (outer?.kind !== "log") return outer?.kind === "duration" || outer?.kind === "groupLabel";
  const place = placeAt(before.slice(outer.start));
  return place !== null && place.kind !== "pipeline";
}

/** What can be written in the log query that begins at `start`. */
async function inLogQuery(
  text: string,
  start: number,
  { pos, explicit }: CompletionContext,
  load: LoadOptions,
): Promise<CompletionResult | null> {
  const before = text.slice(start);
  const place = placeAt(before);
  if (!place || (place.kind === "pipeline" && place.from === before.length && !explicit)) return null;
  const options = await optionsAt(place, before, load);
  const more = start > 0 && place.kind === "stage" ? UNWRAP : [];
  return options.length === 0
    ? null
    : { from: pos - before.length + place.from, options: [...more, ...options] };
}

const UNWRAP: Completion[] = [
  { label: "unwrap", detail: "the field whose values are taken", apply: andOffer("unwrap ") },
];

const GROUPINGS: Completion[] = [
  snippetCompletion("by (#{})", { label: "by", detail: "a series for each value of these labels" }),
  snippetCompletion("without (#{})", { label: "without", detail: "of all labels but these" }),
];

type Offered = Pick<RangeFunction, "name" | "words" | "argument">;

/** What can be written around the log queries of a metric query. */
async function outerOptions(
  kind: Exclude<Outer["kind"], "log">,
  whole: string,
  load: LoadOptions,
  fitting: string,
): Promise<Completion[]> {
  if (kind === "grouping") return GROUPINGS;
  if (kind === "duration") return windows(fitting);
  if (kind === "function") {
    const window = (query: string) => `${query} [${fitting}]`;
    return [
      ...RANGE_FUNCTIONS.map((one) => functionOption(one, window, () => "")),
      ...AGGREGATIONS.map((one) =>
        functionOption(
          one,
          (query) => `rate(${window(query)})`,
          (query) => query,
        ),
      ),
    ];
  }
  const selector = whole.includes("{") ? `{${splitSelector(whole.slice(whole.indexOf("{"))).matchers}}` : "";
  const names = await load({ fields: true, selector }).catch(() => []);
  return names.map(({ text }) => ({ label: text }));
}

function windows(fitting: string): Completion[] {
  const others = ["1m", "5m", "15m", "1h", "1d"].filter((width) => width !== fitting);
  return [{ label: fitting, detail: "fits the time range", boost: 9 }, ...others.map((label) => ({ label }))];
}

/** A function, which takes the query behind the cursor into its parentheses: so lines that were found are counted. */
function functionOption(
  { name, words, argument }: Offered,
  ofLines: (query: string) => string,
  ofValues: (query: string) => string,
): Completion {
  return {
    label: name,
    detail: words,
    apply: (view, _completion, from, to) => {
      const rest = from === 0 ? view.state.sliceDoc(to).trim() : "";
      const taken = rest.startsWith("{") ? ofLines(rest) : ofValues(rest);
      if (rest === "" || taken === "") return insert(view, from, to, `${name}(${argument})`, -1);
      insert(view, from, view.state.doc.length, `${name}(${argument}${taken})`, 0);
    },
  };
}

async function optionsAt(place: Place, before: string, load: LoadOptions): Promise<Completion[]> {
  if (place.kind === "pipeline") return PIPELINE;
  if (place.kind === "operator") return OPERATORS;
  const wanted = { fields: !place.inSelector, selector: selectorOf(before, place.inSelector) };
  if (place.kind === "value") {
    const values = await load({ ...wanted, name: place.label }).catch(() => []);
    return values.map(({ text }) => valueOption(place, text));
  }
  const names = (await load(wanted).catch(() => [])).map((name) => nameOption(name, place, before));
  return place.kind === "stage" ? [...STAGES, ...names] : names;
}

/** The stream selector of a query, or as much of it as is written. */
function selectorOf(before: string, inSelector: boolean): string {
  if (!inSelector) return `{${splitSelector(before).matchers}}`;
  const complete = /^\s*\{(?:\s*\w+\s*(?:=~|!~|!=|=)\s*(?:"(?:[^"\\]|\\.)*"|`[^`]*`)\s*,)+/.exec(before);
  return complete ? `${complete[0].trim().slice(0, -1)}}` : "";
}

const KINDS: Partial<Record<CompletionOption["kind"], string>> = {
  metadata: "metadata",
  json: "in JSON",
  logfmt: "in key=value",
};

/** A name of a label or field; a field that a parser has to take out of the line brings the parser along. */
function nameOption({ text, kind, type }: CompletionOption, place: Place, before: string): Completion {
  const option: Completion = { label: text };
  const detail = [KINDS[kind], type === "string" ? "" : type].filter(Boolean).join(", ");
  if (detail) option.detail = detail;
  const parser = kind === "json" || kind === "logfmt" ? kind : "";
  const parsed = /\|\s*(json|logfmt|unpack|pattern|regexp)\b/.test(splitSelector(before).pipeline);
  if (parser && place.kind === "stage" && !parsed) option.apply = `${parser} | ${text}`;
  return option;
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
