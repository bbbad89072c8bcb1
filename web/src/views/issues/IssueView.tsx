import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { useFreshIssue, useIssue, useIssueAction, useOccurrences } from "../../api/issues";
import type { IssueDetail } from "../../api/types";
import { ISSUES, issuePath } from "../../app/routes";
import { formatCount } from "../../lib/format";
import { actionWords, countWords, titleParts, verdictOf } from "../../lib/issues";
import { toLevel } from "../../lib/levels";
import { useAnchor } from "../../state/anchor";
import { linkTo, useView } from "../../state/useView";
import { LevelTag } from "../../ui/LevelTag";
import { SpikeBadge, StateBadge } from "../../ui/StateBadge";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { FilterChips } from "../logs/FilterChips";
import { EventsPanel } from "./EventsPanel";
import { EvidencePanel } from "./EvidencePanel";
import { GroupingPanel } from "./GroupingPanel";
import { HistoryPanel } from "./HistoryPanel";
import { IssueActions } from "./IssueActions";
import { OccurrencesPanel } from "./OccurrencesPanel";

/** One issue: what is the case, the traceback, when and where it happens, why it is one, what became of it. */
export default function IssueView({ id, user }: { id: string; user: string }) {
  const query = useIssue(id);
  const { view } = useView();
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] gap-4 p-3 md:p-6">
        <Link
          href={linkTo(ISSUES.path, view)}
          className="flex items-center gap-1 justify-self-start rounded-sm text-accent hover:underline pointer-coarse:h-10"
        >
          <ArrowLeft size={14} aria-hidden />
          All issues
        </Link>
        {query.isPending && <Placeholder />}
        {query.isError && !query.data && (
          <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-64" />
        )}
        {query.data && <Issue issue={query.data} asked={id} user={user} />}
      </div>
    </div>
  );
}

function Issue({ issue, asked, user }: { issue: IssueDetail; asked: string; user: string }) {
  useFreshIssue(issue.id);
  return (
    <>
      <Head issue={issue} asked={asked} user={user} />
      <div className="grid items-start gap-4 lg:grid-cols-[2fr_1fr]">
        <div className="grid min-w-0 gap-4">
          <EvidencePanel evidence={issue.evidence} />
          <EventsPanel id={issue.id} />
        </div>
        <div className="grid min-w-0 gap-4">
          <OccurrencesPanel issue={issue} />
          <GroupingPanel issue={issue} />
          <HistoryPanel id={issue.id} />
        </div>
      </div>
    </>
  );
}

function Head({ issue, asked, user }: { issue: IssueDetail; asked: string; user: string }) {
  const action = useIssueAction();
  const [said, setSaid] = useState("");
  const { view } = useView();
  const { data: found } = useOccurrences(issue.id, view, useAnchor());
  const { type, message } = titleParts(issue);
  return (
    <header className="grid gap-2">
      {asked !== String(issue.id) && <Notice>Issue {asked} was merged into this one.</Notice>}
      {issue.cut > 0 && (
        <Notice>
          {formatCount(issue.cut)} events are counted here only because there are too many different ones.
        </Notice>
      )}
      <h1 className="text-title" dir="auto">
        {type && <span className="font-semibold">{type} </span>}
        <span className={type ? "text-muted" : "font-semibold"}>{message}</span>
      </h1>
      <p data-issue-verdict={issue.state}>
        {verdictOf(issue)} {found && countWords(found)}
      </p>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-meta text-muted">
        <span>#{issue.id}</span>
        <LevelTag level={toLevel(issue.level)} small />
        <StateBadge state={issue.state} />
        {issue.spiking_since && <SpikeBadge />}
        <span>{[issue.culprit, issue.service, issue.env].filter(Boolean).join(" · ")}</span>
        {issue.last_seen && (
          <span>
            last seen <TimeAgo ms={Date.parse(issue.last_seen)} />
          </span>
        )}
        {issue.first_seen && (
          <span>
            first seen <TimeAgo ms={Date.parse(issue.first_seen)} />
          </span>
        )}
        <span>{issue.assignee ? `assigned to ${issue.assignee}` : "assigned to nobody"}</span>
      </p>
      <div className="flex flex-wrap items-center gap-3">
        <IssueActions
          issues={[issue.id]}
          open={issue.state !== "resolved"}
          user={user}
          action={action}
          onDone={(done) => setSaid(actionWords(done))}
        />
        <span role="status" className={action.isError ? "text-error" : "text-muted"}>
          {action.isError ? action.error.message : said}
        </span>
      </div>
      <Links issue={issue} />
      <FilterChips />
    </header>
  );
}

/** Other issues of the same failure. */
function Links({ issue }: { issue: IssueDetail }) {
  const { view } = useView();
  if (issue.links.length === 0) return null;
  return (
    <ul aria-label="The same failure" className="grid gap-1">
      {issue.links.map((link) => (
        <li key={link.issue} className="truncate">
          <span className="text-muted">The same failure: </span>
          <Link
            href={linkTo(issuePath(link.issue), view)}
            title={link.reason}
            className="text-accent underline"
          >
            #{link.issue} {link.title}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Placeholder() {
  return (
    <>
      <Skeleton className="h-28" />
      <Skeleton className="h-96" />
    </>
  );
}
