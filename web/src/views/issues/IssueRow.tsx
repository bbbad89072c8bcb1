import { memo } from "react";
import { Link } from "wouter";
import type { UserCount } from "../../api/issues";
import type { IssueRow as Row } from "../../api/types";
import { formatCount, formatShort, plural } from "../../lib/format";
import { titleParts } from "../../lib/issues";
import { toLevel } from "../../lib/levels";
import { cx } from "../../ui/cx";
import { LevelBar, LevelTag } from "../../ui/LevelTag";
import { SpikeBadge, StateBadge } from "../../ui/StateBadge";
import { TimeAgo } from "../../ui/TimeAgo";
import { GroupingMark } from "./GroupingMark";
import { Sparkline } from "./Sparkline";

/** Height of a row, and on narrow screens, where the title has two lines. */
export const ROW_PX = 44;
export const NARROW_ROW_PX = 66;

// The columns of the list, from the right of the title on; narrow screens have what matters below the title.
export const SPARK = "hidden w-28 shrink-0 md:block";
export const COUNT = "hidden w-14 shrink-0 text-right md:block";
export const USERS = "hidden w-12 shrink-0 text-right md:block";
export const LAST = "w-20 shrink-0 text-right";
export const STATE = "hidden w-36 shrink-0 md:block";

interface IssueRowProps {
  issue: Row;
  href: string;
  /** Undefined while it is not known. */
  users: UserCount | undefined;
  stepMs: number;
  active: boolean;
  chosen: boolean;
  onChoose: (id: number) => void;
}

/** One issue: title, where, how often, to how many, when, its state. */
export const IssueRow = memo(function IssueRow(props: IssueRowProps) {
  const { issue, href, users, stepMs, active, chosen, onChoose } = props;
  return (
    <div
      className={cx(
        "relative flex h-full items-center gap-2 border-b border-line pr-3 md:gap-3 md:pr-4",
        active ? "bg-select" : "hover:bg-hover",
      )}
    >
      <LevelBar level={toLevel(issue.level)} />
      <label className="relative z-10 flex h-full w-6 shrink-0 items-center justify-center pointer-coarse:w-10">
        <input
          type="checkbox"
          checked={chosen}
          onChange={() => onChoose(issue.id)}
          aria-label={`Choose issue ${issue.id}`}
          className="size-4 accent-accent"
        />
      </label>
      <div className="grid min-w-0 flex-1 content-center">
        <Title issue={issue} href={href} />
        <Where issue={issue} />
      </div>
      <div className={SPARK}>
        <Sparkline series={issue.series} stepMs={stepMs} />
      </div>
      <span className={cx(COUNT, "font-semibold")} title={plural(issue.events, "event")}>
        {formatShort(issue.events)}
      </span>
      <Users users={users} />
      <span className={LAST}>{issue.last_seen && <TimeAgo ms={Date.parse(issue.last_seen)} />}</span>
      <span className={cx(STATE, "space-x-1 whitespace-nowrap")}>
        <States issue={issue} />
      </span>
    </div>
  );
});

function Title({ issue, href }: Pick<IssueRowProps, "issue" | "href">) {
  const { type, message } = titleParts(issue);
  return (
    <div className="flex min-w-0 items-center gap-1">
      <Link
        href={href}
        title={issue.title}
        className="line-clamp-2 after:absolute after:inset-0 md:block md:truncate"
        dir="auto"
      >
        {type && <span className="font-semibold">{type} </span>}
        <span dir={type ? "auto" : undefined} className={cx(type && "text-muted")}>
          {message}
        </span>
      </Link>
      <GroupingMark id={issue.id} />
    </div>
  );
}

function Where({ issue }: { issue: Row }) {
  const place = [issue.culprit, issue.service, issue.env].filter(Boolean);
  // What tells an issue from those with the same title comes first.
  const twin = issue.twin > 0 && `same as #${issue.twin}`;
  const short = [`${formatShort(issue.events)}×`, twin, issue.culprit.split(" in ").at(-1), issue.service];
  return (
    <div className="flex min-w-0 items-center gap-x-2 text-meta text-muted">
      <LevelTag level={toLevel(issue.level)} small />
      <span className="shrink-0 space-x-1 md:hidden">
        <States issue={issue} />
      </span>
      <span className="hidden min-w-0 truncate md:inline">{place.join(" · ")}</span>
      <span className="min-w-0 truncate md:hidden">{short.filter(Boolean).join(" · ")}</span>
      {issue.twin > 0 && (
        <span className="hidden shrink-0 md:inline" title={`Logged twice: the other is issue ${issue.twin}`}>
          same as #{issue.twin}
        </span>
      )}
      {issue.assignee && <span className="min-w-0 truncate">→ {issue.assignee}</span>}
    </div>
  );
}

function States({ issue }: { issue: Row }) {
  return (
    <>
      <StateBadge state={issue.state} />
      {issue.spiking_since && <SpikeBadge />}
    </>
  );
}

function Users({ users }: { users: UserCount | undefined }) {
  const known = users && users.users > 0;
  const words = known
    ? `${users.sampled ? "At least " : ""}${plural(users.users, "user")}`
    : "No user is named in the events";
  return (
    <span className={cx(USERS, !known && "text-muted")} title={users && words}>
      {users && (known ? `${formatCount(users.users)}${users.sampled ? "+" : ""}` : "–")}
    </span>
  );
}
