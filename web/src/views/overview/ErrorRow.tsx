import { ChevronRight } from "lucide-react";
import type { Entry } from "../../api/types";
import { stripAnsi } from "../../lib/ansi";
import { toLevel } from "../../lib/levels";
import { parseRecord, preview, recordTraceback } from "../../lib/message";
import { nsToMs } from "../../lib/time";
import { lastException } from "../../lib/traceback";
import { LineDetail } from "../../lines/LineDetail";
import { cx } from "../../ui/cx";
import { LevelBar, LevelTag } from "../../ui/LevelTag";
import { LogText } from "../../ui/LogText";
import { TimeAgo } from "../../ui/TimeAgo";

const NO_HITS: readonly string[] = [];

interface ErrorRowProps {
  entry: Entry;
  open: boolean;
  onToggle: () => void;
}

/** One error: message, where it comes from, when; opens in place. */
export function ErrorRow({ entry, open, onToggle }: ErrorRowProps) {
  const level = toLevel(entry.labels.level);
  return (
    <li data-error={entry.id} className="border-t border-line first:border-t-0">
      <button
        type="button"
        aria-expanded={open}
        onClick={onToggle}
        className="flex min-h-11 w-full items-stretch gap-3 pr-3 text-left hover:bg-hover"
      >
        <LevelBar level={level} />
        <span className="grid min-w-0 flex-1 content-center py-1">
          <Title entry={entry} />
          <span className="flex gap-x-2 text-meta text-muted">
            <LevelTag level={level} small />
            <span className="truncate">
              {[entry.labels.service, entry.labels.env, entry.labels.host].filter(Boolean).join(" · ")}
            </span>
          </span>
        </span>
        <TimeAgo ms={nsToMs(entry.ts)} className="shrink-0 self-center text-meta text-muted" />
        <ChevronRight
          size={14}
          aria-hidden
          className={cx(
            "shrink-0 self-center text-muted transition-transform duration-100",
            open && "rotate-90",
          )}
        />
      </button>
      {open && <LineDetail entry={entry} />}
    </li>
  );
}

/** What the error is called: its exception, then what the line itself says. */
function Title({ entry }: { entry: Entry }) {
  const { text } = preview(entry.line);
  const record = parseRecord(entry.line);
  const exception = lastException(stripAnsi((record && recordTraceback(record)) ?? entry.line));
  return (
    <span className="truncate" dir="auto">
      {exception && (
        <>
          <span className="font-semibold">{exception.type}</span>
          {exception.message && `: ${exception.message}`}{" "}
        </>
      )}
      <span className={cx(exception && "text-muted")}>
        <LogText text={text} hits={NO_HITS} />
      </span>
    </span>
  );
}
