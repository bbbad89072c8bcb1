import { ArrowLeft } from "lucide-react";
import { Link, useLocation } from "wouter";
import { useFreshIssue, useIssue } from "../../api/issues";
import type { IssueDetail } from "../../api/types";
import { ISSUES, issuePath } from "../../app/routes";
import { FrameLinkContext } from "../../lines/TraceLineText";
import { linkTo, useView } from "../../state/useView";
import { ErrorState, Skeleton } from "../../ui/States";
import { FilterChips } from "../logs/FilterChips";
import { AroundPanel } from "./AroundPanel";
import { EventPanel } from "./EventPanel";
import { EventsPanel } from "./EventsPanel";
import { FilterLink } from "./FilterLink";
import { GroupingPanel } from "./GroupingPanel";
import { COMMENT_STATE, focusComment, HistoryPanel } from "./HistoryPanel";
import { IssueFacts } from "./IssueFacts";
import { IssueHead } from "./IssueHead";
import { IssueTabs, type Part, toPart } from "./IssueTabs";
import { OccurrencesPanel } from "./OccurrencesPanel";
import { useIssueKeys } from "./useIssueKeys";

interface IssueViewProps {
  id: string;
  /** Which tab the address names, undefined for the first. */
  part: string | undefined;
  user: string;
}

/** One issue: what is the case, and in tabs the traceback, when it happens, what was around, why it is one, its history. */
export default function IssueView({ id, part, user }: IssueViewProps) {
  const query = useIssue(id);
  const { view } = useView();
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] grid-cols-[minmax(0,1fr)] gap-3 p-3 md:px-6">
        <Link
          href={linkTo(ISSUES.path, { ...view, line: "" })}
          className="flex items-center gap-1 justify-self-start rounded-sm text-accent hover:underline pointer-coarse:h-10"
        >
          <ArrowLeft size={14} aria-hidden />
          All issues
        </Link>
        {query.isPending && <Placeholder />}
        {query.isError && !query.data && (
          <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-64" />
        )}
        {query.data && <Issue issue={query.data} asked={id} part={toPart(part)} user={user} />}
      </div>
    </div>
  );
}

interface IssueProps {
  issue: IssueDetail;
  asked: string;
  part: Part;
  user: string;
}

function Issue({ issue, asked, part, user }: IssueProps) {
  useFreshIssue(issue.id);
  useCommentKey(issue.id, part);
  return (
    <>
      <IssueHead issue={issue} asked={asked} user={user} />
      <FilterChips of="events" />
      <IssueTabs issue={issue} part={part} />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,1fr)_18rem]">
        <div className="grid min-w-0 gap-4">
          <FrameLinkContext value={FrameLink}>
            <Content issue={issue} part={part} />
          </FrameLinkContext>
        </div>
        <IssueFacts issue={issue} />
      </div>
    </>
  );
}

function FrameLink({ func }: { func: string }) {
  return <FilterLink name="frame" value={func} />;
}

/** c leads to the field for a comment. */
function useCommentKey(id: number, part: Part): void {
  const { view } = useView();
  const [, navigate] = useLocation();
  useIssueKeys({
    c: () =>
      part === "history"
        ? focusComment()
        : navigate(linkTo(issuePath(id, "history"), view), { state: COMMENT_STATE }),
  });
}

function Content({ issue, part }: { issue: IssueDetail; part: Part }) {
  switch (part) {
    case "":
      return <EventPanel issue={issue} />;
    case "occurrences":
      return (
        <>
          <OccurrencesPanel issue={issue} />
          <EventsPanel id={issue.id} />
        </>
      );
    case "around":
      return <AroundPanel issue={issue} />;
    case "grouping":
      return <GroupingPanel issue={issue} />;
    case "history":
      return <HistoryPanel id={issue.id} />;
  }
}

function Placeholder() {
  return (
    <>
      <Skeleton className="h-24" />
      <Skeleton className="h-96" />
    </>
  );
}
