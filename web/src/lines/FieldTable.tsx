import { Columns3, Minus, Plus } from "lucide-react";
import { useLocation } from "wouter";
import type { Entry } from "../api/types";
import { linesPath } from "../app/routes";
import { scalarMembers } from "../lib/message";
import { filterMode, isFacet, type Mode, toggleColumn, toggleFilter } from "../state/filters";
import { linkTo, useView } from "../state/useView";
import { FACETS, isFieldName, JSON_FIELD } from "../state/view";
import { IconButton } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";

/** All labels and metadata of a line; each value can be filtered in or out, or copied. */
export function FieldTable({ entry }: { entry: Entry }) {
  const labels = Object.entries(entry.labels).sort(byName);
  const metadata = Object.entries(entry.metadata).sort(byName);
  const known = { ...entry.labels, ...entry.metadata };
  const members = scalarMembers(entry.line).filter(([name, value]) => known[name] !== value);
  return (
    <ul aria-label="Labels and metadata of this line" className="mt-3 border-b border-line">
      {labels.map(([name, value]) => (
        <Field key={`label ${name}`} name={name} value={value} kind="label" />
      ))}
      {metadata.map(([name, value]) => (
        <Field key={`metadata ${name}`} name={name} value={value} kind="metadata" />
      ))}
      {members.map(([name, value]) => (
        <Field key={`member ${name}`} name={JSON_FIELD + name} value={value} kind="member of the line" />
      ))}
    </ul>
  );
}

function Field({ name, value, kind }: { name: string; value: string; kind: string }) {
  return (
    <li className="flex items-start gap-2 border-t border-line py-px hover:bg-hover">
      <div className="grid min-w-0 flex-1 gap-x-3 py-0.5 md:order-2 md:grid-cols-[10rem_1fr]">
        <span className="truncate text-muted" title={`${name} (${kind})`}>
          {name}
        </span>
        <span className="font-mono text-code" dir="auto">
          {value}
        </span>
      </div>
      <FieldActions name={name} value={value} />
    </li>
  );
}

function FieldActions({ name, value }: { name: string; value: string }) {
  const { view } = useView();
  const [path, navigate] = useLocation();
  const mode = filterMode(view, name, value);
  const filter = (next: Mode) => navigate(linkTo(linesPath(path), toggleFilter(view, name, value, next)));
  const usable = isFieldName(name);
  return (
    <div className="flex shrink-0">
      <IconButton
        label={`Only ${name} ${value}`}
        size="sm"
        aria-pressed={mode === "include"}
        disabled={!usable}
        onClick={() => filter("include")}
      >
        <Plus size={14} aria-hidden />
      </IconButton>
      <IconButton
        label={`Not ${name} ${value}`}
        size="sm"
        aria-pressed={mode === "exclude"}
        disabled={!usable}
        onClick={() => filter("exclude")}
      >
        <Minus size={14} aria-hidden />
      </IconButton>
      <IconButton
        label={view.columns.includes(name) ? `No column ${name}` : `Column ${name}`}
        size="sm"
        aria-pressed={view.columns.includes(name)}
        onClick={() => navigate(linkTo(linesPath(path), toggleColumn(view, name)))}
      >
        <Columns3 size={14} aria-hidden />
      </IconButton>
      <CopyButton label={`Copy ${name}`} text={value} />
    </div>
  );
}

// The labels that people think in come first.
function byName(a: readonly [string, string], b: readonly [string, string]): number {
  const rank = (name: string) => (isFacet(name) ? FACETS.indexOf(name) : FACETS.length);
  return rank(a[0]) - rank(b[0]) || a[0].localeCompare(b[0]);
}
