import { ChevronRight } from "lucide-react";
import type { Entry } from "../../api/types";
import { toLevel } from "../../lib/levels";
import { preview } from "../../lib/message";
import { nsToMs } from "../../lib/time";
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
  const { text, moreLines } = preview(entry.line);
  return (
    <li className="border-t border-line first:border-t-0">
      <button
        type="button"
        aria-expanded={open}
        onClick={onToggle}
        className="flex min-h-11 w-full items-stretch gap-3 pr-3 text-left hover:bg-hover"
      >
        <LevelBar level={level} />
        <span className="grid min-w-0 flex-1 content-center py-1">
          <span className="truncate" dir="auto">
            <LogText text={text} hits={NO_HITS} />
          </span>
          <span className="flex gap-x-2 truncate text-meta text-muted">
            <LevelTag level={level} />
            {[entry.labels.service, entry.labels.env, entry.labels.host].filter(Boolean).join(" · ")}
            {moreLines > 0 && <span>· {moreLines + 1} lines</span>}
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
