import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { errorText } from "../../api/client";
import { frozenParams, useFreeze } from "../../api/snapshots";
import type { Snapshot } from "../../api/types";
import { LINES, SNAPSHOTS, snapshotPath } from "../../app/routes";
import { resolve } from "../../lib/base";
import { keptWords } from "../../lib/frozen";
import { fixedView, type Shown } from "../../state/share";
import { formatView, isMetric, type View } from "../../state/view";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";

const TERMS: readonly { days: number; name: string }[] = [
  { days: 7, name: "7 days" },
  { days: 30, name: "30 days" },
  { days: 90, name: "90 days" },
  { days: 365, name: "1 year" },
  { days: 0, name: "for ever" },
];

const FIELD = "h-8 rounded-md border border-line bg-bg px-2 pointer-coarse:h-10 pointer-coarse:text-[1rem]";

const WHAT = {
  lines: "the first 5,000 lines of this list and the counts of all",
  issue: "this event with its traceback",
  story: "the story of this request",
};

/** Keeps what a view shows now, for after Loki has deleted it; nothing for views that cannot be kept. */
export function FreezeForm({ shown, now, onLeave }: { shown: Shown; now: number; onLeave: () => void }) {
  const freeze = useFreeze();
  const [title, setTitle] = useState("");
  const [days, setDays] = useState(30);
  const what = frozenParams(shown, now);
  if (!what && isMetric(shown.view.query) && shown.path === LINES.path)
    return (
      <p className="border-t border-line pt-3 text-muted">
        A snapshot keeps lines: what a metric query gives cannot be frozen.
      </p>
    );
  if (!what) return null;
  if (freeze.data) return <Frozen snapshot={freeze.data} onLeave={onLeave} />;
  const proposed = proposedTitle(shown);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    freeze.mutate({
      ...what,
      title: (title.trim() || proposed).slice(0, 200),
      view: formatView(fixedView(shown, now)),
      days,
    });
  };
  return (
    <form onSubmit={submit} className="grid gap-2 border-t border-line pt-3">
      <h3 className="font-semibold">Freeze it</h3>
      <p className="text-muted">
        Loki deletes its lines one day. A snapshot keeps {WHAT[what.of]}, as they are stored, for all who can
        log in.
      </p>
      <input
        aria-label="Title of the snapshot"
        placeholder={proposed}
        maxLength={200}
        value={title}
        dir="auto"
        onChange={(event) => setTitle(event.target.value)}
        className={FIELD}
      />
      <div className="flex items-center gap-2">
        <label className="flex items-center gap-2">
          Keep it
          <select value={days} onChange={(event) => setDays(Number(event.target.value))} className={FIELD}>
            {TERMS.map((term) => (
              <option key={term.days} value={term.days}>
                {term.name}
              </option>
            ))}
          </select>
        </label>
        <Button type="submit" disabled={freeze.isPending}>
          {freeze.isPending ? "Freezing …" : "Freeze"}
        </Button>
        <Link href={SNAPSHOTS} onClick={onLeave} className="ml-auto text-accent underline">
          All snapshots
        </Link>
      </div>
      {freeze.isError && (
        <p role="alert" className="text-error first-letter:uppercase">
          {errorText(freeze.error)}
        </p>
      )}
    </form>
  );
}

function Frozen({ snapshot, onLeave }: { snapshot: Snapshot; onLeave: () => void }) {
  const path = snapshotPath(snapshot.id);
  const kept = keptWords(snapshot);
  return (
    <div role="status" className="grid gap-2 border-t border-line pt-3">
      <p>
        <span className="font-semibold">Frozen</span>
        {kept && `: ${kept}`}.
      </p>
      <div className="flex items-center gap-2">
        <Link href={path} onClick={onLeave} className="min-w-0 truncate text-accent underline" dir="auto">
          {snapshot.title}
        </Link>
        <span className="ml-auto">
          <CopyButton words label="Copy link" text={resolve(path.slice(1)).href} />
        </span>
      </div>
    </div>
  );
}

/** What a snapshot is called when nobody says: what was looked for, as far as it can be printed. */
function proposedTitle({ view, issue }: Shown): string {
  if (issue !== "") return `Issue ${issue}`;
  if (view.request !== "") return `Request ${view.request}`;
  return (
    wordsOf(view)
      .join(" · ")
      .replaceAll(/[\s\p{Cc}]+/gu, " ") || "All lines"
  );
}

function wordsOf({ filters, query, q, fields }: View): string[] {
  return [
    ...filters.env.include,
    ...filters.service.include,
    ...filters.level.include,
    ...fields.map(({ name, value, exclude }) => `${name}${exclude ? "≠" : "="}${value}`),
    ...(query === "" ? [] : [query]),
    ...q.map((word) => `“${word}”`),
  ];
}
