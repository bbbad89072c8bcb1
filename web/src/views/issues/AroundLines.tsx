import { useState } from "react";
import type { Entry, EventPlace } from "../../api/types";
import { toLevel } from "../../lib/levels";
import { preview } from "../../lib/message";
import { formatNs } from "../../lib/time";
import { LineDetail } from "../../lines/LineDetail";
import { cx } from "../../ui/cx";
import { LevelBar, LevelTag } from "../../ui/LevelTag";
import { LogText } from "../../ui/LogText";
import { ErrorState, Skeleton } from "../../ui/States";

const NO_HITS: readonly string[] = [];

interface AroundLinesProps {
  label: string;
  /** In the order of time; undefined while they are loaded. */
  entries: readonly Entry[] | undefined;
  event: EventPlace;
  error: Error | null;
  onRetry: () => void;
  empty: string;
  note: string;
}

/** Lines with how long before or after an event they are; each opens in place. */
export function AroundLines({ label, entries, event, error, onRetry, empty, note }: AroundLinesProps) {
  if (error && !entries) return <ErrorState error={error} onRetry={onRetry} />;
  if (!entries) return <Skeleton className="mx-4 mb-4 h-24" />;
  if (entries.length === 0) return <p className="px-4 pb-3 text-muted">{empty}</p>;
  return (
    <>
      <ul aria-label={label} className="border-t border-line">
        {entries.map((entry) => (
          <LineItem key={entry.id} entry={entry} event={event} />
        ))}
      </ul>
      {note && <p className="border-t border-line px-4 py-1.5 text-meta text-muted">{note}</p>}
    </>
  );
}

function LineItem({ entry, event }: { entry: Entry; event: EventPlace }) {
  const [open, setOpen] = useState(false);
  const [context, setContext] = useState(false);
  const level = toLevel(entry.labels.level);
  const here = entry.ts === event.ts;
  return (
    <li data-around={entry.id}>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className={cx(
          "flex min-h-[22px] w-full items-center gap-2 pr-3 text-left font-mono text-code hover:bg-hover pointer-coarse:min-h-10",
          here && "bg-select",
        )}
      >
        <LevelBar level={level} />
        <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 md:flex-nowrap">
          <time className="shrink-0 text-right text-muted md:w-[5.5rem]" title={formatNs(entry.ts)}>
            {offsetWords(entry.ts, event.ts)}
          </time>
          <LevelTag level={level} />
          <span className="min-w-0 shrink-0 truncate text-muted md:w-28">{entry.labels.service}</span>
          <span className="min-w-0 basis-full truncate md:flex-1 md:basis-0" dir="auto">
            <LogText text={preview(entry.line).text} hits={NO_HITS} />
          </span>
        </span>
      </button>
      {open && <LineDetail entry={entry} context={context} onContext={() => setContext(!context)} />}
    </li>
  );
}

/** How long after an event a line is: "+0.120 s", "−3.004 s", "0". */
function offsetWords(ts: string, event: string): string {
  const ms = Number((BigInt(ts) - BigInt(event)) / 1000n) / 1000;
  if (ts === event) return "0";
  return `${ms < 0 ? "−" : "+"}${(Math.abs(ms) / 1000).toFixed(3)} s`;
}
