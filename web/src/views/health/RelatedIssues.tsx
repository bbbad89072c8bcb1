import { Link } from "wouter";
import { useIssuesOf } from "../../api/issues";
import type { HealthComponent, IssueRow } from "../../api/types";
import { ISSUES, issuePath } from "../../app/routes";
import { formatShort, plural } from "../../lib/format";
import { titleParts, withoutTwins } from "../../lib/issues";
import { toLevel } from "../../lib/levels";
import { conspicuous } from "../../lib/related";
import { useAnchor } from "../../state/anchor";
import { clearFilters, onlyValues } from "../../state/filters";
import { linkTo, useView } from "../../state/useView";
import type { View } from "../../state/view";
import { cx } from "../../ui/cx";
import { LevelBar } from "../../ui/LevelTag";
import { SpikeBadge, StateBadge } from "../../ui/StateBadge";
import { Skeleton, SmallErrorState } from "../../ui/States";
import { MORE, ROW } from "./related";

const SHOWN = 5;

/** The issues of a component's services that are new, came back or spike, with events in the page's range. */
export function RelatedIssues({ component }: { component: HealthComponent }) {
  const { view } = useView();
  const { services } = component;
  const query = useIssuesOf(services, envsOf(view, component), useAnchor());
  const found = query.data && withoutTwins(conspicuous(query.data.issues));
  const more = (found?.length ?? 0) - SHOWN;
  return (
    <section aria-label="Issues" className="min-w-0">
      <h3 className="flex flex-wrap gap-x-3">
        <span className="font-semibold">Issues</span>
        <Link href={linkTo(ISSUES.path, issuesView(view, component))} className="text-accent hover:underline">
          all of {services.join(", ")}
        </Link>
      </h3>
      {query.isPending && <Skeleton className="mt-2 h-10" />}
      {query.isError && (
        <SmallErrorState
          what="The issues"
          error={query.error}
          onRetry={() => query.refetch()}
          className="py-2"
        />
      )}
      {found?.length === 0 && (
        <p className="py-1 text-muted">None is new, came back or spikes in this time.</p>
      )}
      <ul className="mt-1">
        {found?.slice(0, SHOWN).map((issue) => (
          <Row key={issue.id} issue={issue} />
        ))}
      </ul>
      {more > 0 && (
        <Link href={linkTo(ISSUES.path, issuesView(view, component))} className={MORE}>
          {plural(more, "more issue")}
        </Link>
      )}
    </section>
  );
}

/** The view of the issues of a component in the same time. */
function issuesView(view: View, component: HealthComponent): View {
  const ofServices = onlyValues(clearFilters(view), "service", component.services);
  return onlyValues(ofServices, "env", envsOf(view, component));
}

/** A component has its own environment, or that of the page. */
function envsOf(view: View, { env }: HealthComponent): readonly string[] {
  return env ? [env] : view.filters.env.include;
}

function Row({ issue }: { issue: IssueRow }) {
  const { view } = useView();
  const { type, message } = titleParts(issue);
  return (
    <li data-issue={issue.id}>
      <Link href={linkTo(issuePath(issue.id), view)} className={ROW}>
        <LevelBar level={toLevel(issue.level)} />
        <span className="min-w-0 flex-1 truncate" title={issue.title} dir="auto">
          {type && <span className="font-semibold">{type} </span>}
          <span className={cx(type && "text-muted")}>{message}</span>
        </span>
        {issue.spiking_since && <SpikeBadge />}
        <StateBadge state={issue.state} />
        <span className="w-10 shrink-0 text-right font-semibold">{formatShort(issue.events)}×</span>
      </Link>
    </li>
  );
}
