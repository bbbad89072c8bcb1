import { Minus } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useOccurrences } from "../../api/issues";
import type { Deploy, IssueDetail, IssueTag } from "../../api/types";
import { ISSUES } from "../../app/routes";
import { formatShort, plural } from "../../lib/format";
import { useAnchor } from "../../state/anchor";
import { withMark } from "../../state/filters";
import { linkTo, useView } from "../../state/useView";
import { Panel } from "../../ui/Panel";
import { SmallErrorState } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { FilterLink } from "./FilterLink";

/** Since when, whose it is, and which values the events have in common. */
export function IssueFacts({ issue }: { issue: IssueDetail }) {
  const { view } = useView();
  const query = useOccurrences(issue.id, view, useAnchor());
  const found = query.data;
  return (
    <Panel title="Where and who" note={found?.sampled && "of the newest 5,000 events"}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 px-4 pb-3">
        <Fact name="First seen">{issue.first_seen && <TimeAgo ms={Date.parse(issue.first_seen)} />}</Fact>
        <Fact name="Last seen">{issue.last_seen && <TimeAgo ms={Date.parse(issue.last_seen)} />}</Fact>
        <Fact name="Assigned to">{issue.assignee || "nobody"}</Fact>
        {issue.deploy && (
          <Fact name="Deploy before">
            <FilterLink name="deploy" value={issue.deploy.version} className="text-accent" />{" "}
            <TimeAgo ms={Date.parse(issue.deploy.at)} />
          </Fact>
        )}
      </dl>
      {query.isError && !found && (
        <SmallErrorState
          what="The tags"
          error={query.error}
          onRetry={() => query.refetch()}
          className="p-4"
        />
      )}
      {found && found.tags.length > 0 && (
        <dl aria-label="Tags" className="grid gap-2 border-t border-line px-4 py-3">
          {found.tags.map((tag) => (
            <Tag key={tag.name} tag={tag} />
          ))}
        </dl>
      )}
      {found?.tags.length === 0 && (
        <p className="border-t border-line px-4 py-3 text-muted">No events in this time.</p>
      )}
    </Panel>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 truncate" dir="auto">
        {children}
      </dd>
    </>
  );
}

/** The version of a deploy: leads where the deploy says, or to the issues that came with it. */
export function DeployName({ deploy }: { deploy: Deploy }) {
  if (!deploy.url) return <FilterLink name="deploy" value={deploy.version} className="text-accent" />;
  return (
    <a href={deploy.url} rel="noreferrer" className="text-accent underline">
      {deploy.version}
    </a>
  );
}

/** A tag with its most frequent values, each of which leads to the issues that have it. */
function Tag({ tag }: { tag: IssueTag }) {
  const more = tag.distinct - tag.values.length;
  return (
    <div>
      <dt className="text-meta text-muted">{tag.name}</dt>
      {tag.values.map(({ value, count }) => (
        <dd key={value} className="group relative flex items-center gap-2 pl-1.5">
          <span
            aria-hidden
            className="absolute inset-y-0.5 left-0 rounded-sm bg-hover"
            style={{ width: `${Math.round((count / tag.events) * 100)}%` }}
          />
          <FilterLink
            name={tag.name}
            value={value}
            className="relative min-w-0 truncate pointer-coarse:py-2.5"
          />
          <span className="relative ml-auto shrink-0 text-meta text-muted">{formatShort(count)}</span>
          <Without name={tag.name} value={value} />
        </dd>
      ))}
      {more > 0 && <dd className="px-1.5 text-meta text-muted">and {plural(more, "further value")}</dd>}
    </div>
  );
}

/** Leads to the issues that lack a value. */
function Without({ name, value }: { name: string; value: string }) {
  const { view } = useView();
  return (
    <Link
      href={linkTo(ISSUES.path, withMark(view, name, value, "exclude"))}
      aria-label={`Issues without ${name} ${value}`}
      title="The issues without it"
      className="relative flex size-6 shrink-0 items-center justify-center rounded-sm text-muted opacity-0 group-hover:opacity-100 hover:text-text focus-visible:opacity-100 pointer-coarse:size-10 pointer-coarse:opacity-100"
    >
      <Minus size={12} aria-hidden />
    </Link>
  );
}
