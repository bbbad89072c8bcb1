import { useState } from "react";
import { Link } from "wouter";
import { OPEN_STATES, useOpenIssues } from "../../api/issues";
import type { IssueRow } from "../../api/types";
import { ISSUES, issuePath, LINES } from "../../app/routes";
import { formatShort } from "../../lib/format";
import { answerWords, titleParts, withoutTwins } from "../../lib/issues";
import { ERROR_LEVELS, toLevel } from "../../lib/levels";
import { useAnchor } from "../../state/anchor";
import { onlyValues } from "../../state/filters";
import { linkTo, useView } from "../../state/useView";
import { Button, buttonClass } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { LevelBar, LevelTag } from "../../ui/LevelTag";
import { Panel, PanelLink } from "../../ui/Panel";
import { SpikeBadge, StateBadge } from "../../ui/StateBadge";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";

const NONE: readonly IssueRow[] = [];

/** The issues that need a look, those with the newest events first. */
export function NewAndRegressed() {
  const { view, setView } = useView();
  const query = useOpenIssues(view, useAnchor());
  const { data } = query;
  const { shown, setHovered } = useStill(data ? withoutTwins(data.issues) : NONE);
  const widen = () => setView({ ...view, range: { kind: "relative", spanMs: 24 * 3_600_000 } });
  const more = (data?.total ?? 0) - shown.length;
  const all = linkTo(ISSUES.path, { ...view, states: OPEN_STATES });
  return (
    <Panel
      title="New and regressed"
      note={data && answerWords(data.summary, view.range)}
      actions={
        <>
          <PanelLink href={all}>All issues</PanelLink>
          <PanelLink href={linkTo(LINES.path, onlyValues(view, "level", ERROR_LEVELS))}>Lines</PanelLink>
        </>
      }
    >
      {query.isError && !data && (
        <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-48" />
      )}
      {query.isError && data && <Notice>{query.error.message} Showing what was loaded before.</Notice>}
      {query.isPending && <Placeholder />}
      {data?.total === 0 && (
        <EmptyState
          className="min-h-48"
          title="Nothing is new and nothing came back"
          hint="No issue in these states has events in this time."
          actions={<Button onClick={widen}>Look at the last day</Button>}
        />
      )}
      <ul
        data-new-issues
        onPointerEnter={(event) => event.pointerType === "mouse" && setHovered(true)}
        onPointerLeave={() => setHovered(false)}
      >
        {shown.map((issue) => (
          <Item key={issue.id} issue={issue} />
        ))}
      </ul>
      {more > 0 && (
        <p className="flex justify-center border-t border-line p-1.5">
          <Link href={all} className={buttonClass("quiet", "sm")}>
            {formatShort(more)} more
          </Link>
        </p>
      )}
    </Panel>
  );
}

function Item({ issue }: { issue: IssueRow }) {
  const { view } = useView();
  const level = toLevel(issue.level);
  const { type, message } = titleParts(issue);
  return (
    <li data-issue={issue.id} className="border-t border-line">
      <Link
        href={linkTo(issuePath(issue.id), view)}
        className="flex min-h-11 items-center gap-3 pr-4 hover:bg-hover"
      >
        <LevelBar level={level} />
        <span className="grid min-w-0 flex-1 py-1">
          <span className="truncate" title={issue.title} dir="auto">
            {type && <span className="font-semibold">{type} </span>}
            <span className={cx(type && "text-muted")}>{message}</span>
          </span>
          <span className="flex min-w-0 gap-x-2 text-meta text-muted">
            <LevelTag level={level} small />
            <span className="truncate">
              {[issue.culprit, issue.service, issue.env].filter(Boolean).join(" · ")}
            </span>
          </span>
        </span>
        {issue.spiking_since && <SpikeBadge />}
        <StateBadge state={issue.state} />
        <span className="w-10 shrink-0 text-right font-semibold">{formatShort(issue.events)}×</span>
        {issue.last_seen && (
          <TimeAgo
            ms={Date.parse(issue.last_seen)}
            className="hidden w-20 shrink-0 text-right text-meta text-muted sm:inline"
          />
        )}
      </Link>
    </li>
  );
}

/** Keeps a list that renews itself as it is while the pointer is over it: nothing moves under the hand. */
function useStill(issues: readonly IssueRow[]) {
  const [held, setHeld] = useState<readonly IssueRow[] | null>(null);
  return {
    shown: held ?? issues,
    setHovered: (hovered: boolean) => setHeld(hovered && issues.length > 0 ? issues : null),
  };
}

function Placeholder() {
  return (
    <div aria-hidden className="grid gap-px">
      {Array.from({ length: 6 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
        <Skeleton key={index} className="h-11" />
      ))}
    </div>
  );
}
