import { Link } from "wouter";
import type { FrozenIssue } from "../../api/types";
import { issuePath } from "../../app/routes";
import { titleParts, verdictOf } from "../../lib/issues";
import { toLevel } from "../../lib/levels";
import { formatExact, formatNs, nsToMs } from "../../lib/time";
import { CopyButton } from "../../ui/CopyButton";
import { LevelTag } from "../../ui/LevelTag";
import { Panel } from "../../ui/Panel";
import { StateBadge } from "../../ui/StateBadge";
import { EventFacts } from "../issues/EventFacts";
import { WholeEvent } from "../issues/EventPanel";
import { shownOf } from "../issues/useShownEvent";

/** An issue as it was, with one event: the traceback and the lines around it. */
export function FrozenIssueView({ frozen, at }: { frozen: FrozenIssue; at: number }) {
  const { issue, event, ts, id } = frozen;
  const { type, message } = titleParts(issue);
  const kept = issue.evidence.find((one) => one.id === id);
  const shown = shownOf({ ts, id }, kept, event);
  return (
    <>
      <div className="grid gap-1">
        <h2 className="line-clamp-4 text-value sm:text-title" title={issue.title} dir="auto">
          {type && <span className="font-semibold">{type} </span>}
          <span className={type ? "text-muted" : "font-semibold"}>{message}</span>
        </h2>
        <p>{verdictOf(issue, at)}</p>
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-meta text-muted">
          <Link href={issuePath(issue.id)} className="text-accent underline">
            #{issue.id}
          </Link>
          <LevelTag level={toLevel(issue.level)} small />
          <StateBadge state={issue.state} />
          <span>{[issue.culprit, issue.service, issue.env].filter(Boolean).join(" · ")}</span>
        </p>
      </div>
      {shown && (
        <Panel
          title="The event"
          note={<time title={formatNs(ts)}>{formatExact(nsToMs(ts))}</time>}
          actions={<CopyButton words label="Copy" text={shown.line} />}
        >
          <WholeEvent shown={shown} />
          {event && (
            <div className="px-4 pb-4">
              <EventFacts event={event} />
            </div>
          )}
        </Panel>
      )}
    </>
  );
}
