import { Link } from "wouter";
import type { IssueRow as Row } from "../../api/types";
import { issuePath } from "../../app/routes";
import { formatShort, plural } from "../../lib/format";
import { titleParts } from "../../lib/issues";
import { toLevel } from "../../lib/levels";
import { linkTo, useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { LevelBar, LevelTag } from "../../ui/LevelTag";
import { SpikeBadge, StateBadge } from "../../ui/StateBadge";
import { TimeAgo } from "../../ui/TimeAgo";
import { Sparkline } from "./Sparkline";

interface IssueRowProps {
  issue: Row;
  stepMs: number;
  active: boolean;
  chosen: boolean;
  onChoose: () => void;
}

/** One issue: title, where, how often, since when, its state. */
export function IssueRow({ issue, stepMs, active, chosen, onChoose }: IssueRowProps) {
  const { view } = useView();
  const level = toLevel(issue.level);
  const { type, message } = titleParts(issue);
  return (
    <li
      data-issue={issue.id}
      aria-current={active || undefined}
      className={cx(
        "relative flex min-h-14 items-stretch gap-2 border-b border-line pr-3 md:gap-3 md:pr-4",
        active ? "bg-select" : "hover:bg-hover",
      )}
    >
      <LevelBar level={level} />
      <label className="relative z-10 flex w-6 shrink-0 items-center justify-center pointer-coarse:w-10">
        <input
          type="checkbox"
          checked={chosen}
          onChange={onChoose}
          aria-label={`Choose issue ${issue.id}`}
          className="size-4 accent-accent"
        />
      </label>
      <div className="grid min-w-0 flex-1 content-center py-1.5">
        <Link
          href={linkTo(issuePath(issue.id), view)}
          title={issue.title}
          className="truncate after:absolute after:inset-0"
          dir="auto"
        >
          {type && <span className="font-semibold">{type} </span>}
          <span className={cx(type && "text-muted")}>{message}</span>
        </Link>
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5 text-meta text-muted">
          <LevelTag level={level} small />
          <StateBadge state={issue.state} />
          {issue.spiking_since && <SpikeBadge />}
          {issue.culprit && <span className="hidden min-w-0 truncate md:inline">{issue.culprit}</span>}
          <span className="min-w-0 truncate">{[issue.service, issue.env].filter(Boolean).join(" · ")}</span>
          {issue.assignee && <span>→ {issue.assignee}</span>}
          <span className="md:hidden">{plural(issue.events, "event")}</span>
        </div>
      </div>
      <div className="hidden w-28 shrink-0 self-center md:block">
        <Sparkline series={issue.series} stepMs={stepMs} />
      </div>
      <span className="hidden w-14 shrink-0 self-center text-right font-semibold md:block">
        {formatShort(issue.events)}
      </span>
      <Seen issue={issue} />
    </li>
  );
}

function Seen({ issue }: { issue: Row }) {
  return (
    <span className="grid w-20 shrink-0 content-center text-right text-meta text-muted md:w-24">
      {issue.last_seen && <TimeAgo ms={Date.parse(issue.last_seen)} className="text-text" />}
      {issue.first_seen && (
        <span className="hidden truncate md:block">
          first <TimeAgo ms={Date.parse(issue.first_seen)} />
        </span>
      )}
    </span>
  );
}
