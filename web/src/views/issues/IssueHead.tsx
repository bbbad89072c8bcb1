import { useState } from "react";
import { Link } from "wouter";
import { useIssueAction, useOccurrences } from "../../api/issues";
import type { IssueDetail } from "../../api/types";
import { issuePath } from "../../app/routes";
import { formatCount } from "../../lib/format";
import { actionWords, countWords, tellingSince, titleParts, verdictOf } from "../../lib/issues";
import { toLevel } from "../../lib/levels";
import { useAnchor } from "../../state/anchor";
import { linkTo, useView } from "../../state/useView";
import { LevelTag } from "../../ui/LevelTag";
import { SpikeBadge, StateBadge } from "../../ui/StateBadge";
import { Notice } from "../../ui/States";
import { FilterLink, PlaceLink } from "./FilterLink";
import { GroupingMark } from "./GroupingMark";
import { IssueActions } from "./IssueActions";

interface IssueHeadProps {
  issue: IssueDetail;
  /** The number that the address names: another one after a merge. */
  asked: string;
  user: string;
}

/** What the issue is called, what is the case with it in words, and what can be done. */
export function IssueHead({ issue, asked, user }: IssueHeadProps) {
  const { type, message } = titleParts(issue);
  return (
    <header className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {asked !== String(issue.id) && <Notice>Issue {asked} was merged into this one.</Notice>}
      {issue.cut > 0 && (
        <Notice>
          {formatCount(issue.cut)} events are counted here only because there are too many different ones.
        </Notice>
      )}
      <div className="flex flex-wrap items-start gap-x-6 gap-y-2">
        <div className="grid min-w-0 flex-[1_1_24rem] gap-1">
          <h1 className="line-clamp-4 text-value sm:text-title" title={issue.title} dir="auto">
            {type && <span className="font-semibold">{type} </span>}
            <span dir={type ? "auto" : undefined} className={type ? "text-muted" : "font-semibold"}>
              {message}
            </span>
          </h1>
          <Verdict issue={issue} />
        </div>
        <Actions issue={issue} user={user} />
      </div>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-meta text-muted">
        <span>#{issue.id}</span>
        <LevelTag level={toLevel(issue.level)} small />
        <StateBadge state={issue.state} />
        {issue.spiking_since && <SpikeBadge />}
        <GroupingMark id={issue.id} />
        <Place issue={issue} />
      </p>
      <Links issue={issue} />
    </header>
  );
}

/** Where it happens; each part leads to the issues that have it. */
function Place({ issue }: { issue: IssueDetail }) {
  const { culprit, service, env } = issue;
  return (
    <span className="[&>*+*]:before:mx-1 [&>*+*]:before:content-['·']">
      {culprit && <PlaceLink place={culprit} />}
      {service && <FilterLink name="service" value={service} />}
      {env && <FilterLink name="env" value={env} />}
    </span>
  );
}

function Verdict({ issue }: { issue: IssueDetail }) {
  const { view } = useView();
  const anchor = useAnchor();
  const { data: found } = useOccurrences(issue.id, view, anchor);
  return (
    <p data-issue-verdict={issue.state}>
      {verdictOf(issue, anchor.now)} {found && countWords(found, tellingSince(issue))}
    </p>
  );
}

function Actions({ issue, user }: { issue: IssueDetail; user: string }) {
  const action = useIssueAction();
  const [said, setSaid] = useState("");
  return (
    <div className="grid gap-1">
      <IssueActions
        issues={[issue]}
        user={user}
        action={action}
        onDone={(done) => setSaid(actionWords(done))}
      />
      <p role="status" className={action.isError ? "text-error" : "text-meta text-muted"}>
        {action.isError ? action.error.message : said}
      </p>
    </div>
  );
}

/** Other issues of the same failure. */
function Links({ issue }: { issue: IssueDetail }) {
  const { view } = useView();
  if (issue.links.length === 0) return null;
  return (
    <ul aria-label="The same failure" className="grid min-w-0 gap-1">
      {issue.links.map((link) => (
        <li key={link.issue} className="truncate" dir="auto">
          <span className="text-muted">The same failure: </span>
          <Link
            href={linkTo(issuePath(link.issue), { ...view, line: "" })}
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
