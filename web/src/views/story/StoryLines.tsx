import { type KeyboardEvent, useState } from "react";
import type { Entry, Story } from "../../api/types";
import { toLevel } from "../../lib/levels";
import { preview } from "../../lib/message";
import { gapWords, offsetWords } from "../../lib/story";
import { formatNs } from "../../lib/time";
import { LineDetail } from "../../lines/LineDetail";
import { cx } from "../../ui/cx";
import { LevelBar, LevelTag } from "../../ui/LevelTag";
import { LogText } from "../../ui/LogText";

const NO_HITS: readonly string[] = [];

interface StoryLinesProps {
  label: string;
  story: Story;
  /** Shows the lines nearby, with how far from the request's first line they are. */
  nearby?: boolean;
}

/** Lines in the order of time; each opens in place. */
export function StoryLines({ label, story, nearby = false }: StoryLinesProps) {
  const from = story.lines[0]?.entry.ts ?? "0";
  const rows = nearby
    ? story.nearby.map((entry) => ({ entry, lead: offsetWords(entry.ts, from) }))
    : story.lines.map(({ entry, gap_ms }) => ({
        entry,
        lead: gap_ms === null ? "" : `+${gapWords(gap_ms)}`,
      }));
  if (rows.length === 0) return null;
  return (
    <ul aria-label={label} className="border-t border-line">
      {rows.map(({ entry, lead }) => (
        <LineItem
          key={entry.id}
          entry={entry}
          lead={lead}
          muted={nearby}
          hits={nearby ? NO_HITS : [story.id]}
        />
      ))}
    </ul>
  );
}

/** Id of the element that shows a line. */
export function lineAnchor(id: string): string {
  return `story-${id}`;
}

interface LineItemProps {
  entry: Entry;
  lead: string;
  muted: boolean;
  hits: readonly string[];
}

function LineItem({ entry, lead, muted, hits }: LineItemProps) {
  const [open, setOpen] = useState(false);
  const [context, setContext] = useState(false);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "c" || event.ctrlKey || event.metaKey || event.altKey) return;
    setOpen(true);
    setContext(!open || !context);
  };
  const level = toLevel(entry.labels.level);
  const { service, env } = entry.labels;
  return (
    <li data-told={muted ? "nearby" : "own"}>
      <button
        type="button"
        id={lineAnchor(entry.id)}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        onKeyDown={onKey}
        className={cx(
          "flex min-h-[22px] w-full items-center gap-2 pr-3 text-left font-mono text-code hover:bg-hover focus:bg-select pointer-coarse:min-h-10",
          muted && "text-muted",
        )}
      >
        <LevelBar level={level} />
        <span className="w-[5.25rem] shrink-0 text-right text-muted" title={formatNs(entry.ts)}>
          {lead}
        </span>
        <LevelTag level={level} />
        <span className="w-20 shrink-0 truncate text-muted md:w-44" title={env}>
          {service || "–"}
          {env && <span className="hidden md:inline"> · {env}</span>}
        </span>
        <span className="min-w-0 flex-1 truncate" dir="auto">
          <LogText text={preview(entry.line).text} hits={hits} />
        </span>
      </button>
      {open && <LineDetail entry={entry} context={context} onContext={() => setContext(!context)} />}
    </li>
  );
}
