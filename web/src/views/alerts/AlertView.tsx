import { ArrowLeft, ExternalLink, List } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAlert } from "../../api/alerts";
import type { AlertDetail, IssueRow } from "../../api/types";
import { ALERTS, issuePath, LINES } from "../../app/routes";
import { episodeView, episodeWords, isLoud, placeOf, severityLevel } from "../../lib/alerts";
import { titleParts, withoutTwins } from "../../lib/issues";
import { toLevel } from "../../lib/levels";
import { useNow } from "../../state/useNow";
import { linkTo, useView } from "../../state/useView";
import { buttonClass } from "../../ui/Button";
import { LevelBar, LevelTag, levelText } from "../../ui/LevelTag";
import { Panel } from "../../ui/Panel";
import { StateBadge } from "../../ui/StateBadge";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { GraphPanel } from "./GraphPanel";
import { QuietLine } from "./QuietLine";
import { SilenceButton } from "./SilenceButton";

/** One episode of an alert: its words, its graph, the issues and lines of those minutes, its labels. */
export default function AlertView({ id }: { id: string }) {
  const query = useAlert(id);
  const { view } = useView();
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] gap-4 p-3 md:p-6">
        <Link
          href={linkTo(ALERTS.path, view)}
          className="flex items-center gap-1 justify-self-start rounded-sm text-accent hover:underline pointer-coarse:h-10"
        >
          <ArrowLeft size={14} aria-hidden />
          All alerts
        </Link>
        {query.isPending && <Skeleton className="h-96" />}
        {query.isError && !query.data && (
          <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-64" />
        )}
        {query.isError && query.data && (
          <Notice>{query.error.message} Showing what was loaded before.</Notice>
        )}
        {query.data && <Alert alert={query.data} />}
      </div>
    </div>
  );
}

function Alert({ alert }: { alert: AlertDetail }) {
  return (
    <>
      <Head alert={alert} />
      <div className="grid items-start gap-4 lg:grid-cols-[2fr_1fr]">
        <div className="grid min-w-0 gap-4">
          <GraphPanel alert={alert} />
          <IssuesPanel alert={alert} />
        </div>
        <Labels alert={alert} />
      </div>
    </>
  );
}

function Head({ alert }: { alert: AlertDetail }) {
  const now = useNow(10_000);
  const firing = alert.end === null;
  return (
    <header className="grid gap-2">
      <h1 className="text-title font-semibold" dir="auto">
        {alert.summary || alert.name}
      </h1>
      <p
        data-episode={firing ? "firing" : "ended"}
        className={firing && isLoud(alert) ? "text-error" : undefined}
      >
        {episodeWords(alert, now)}
      </p>
      {firing && <QuietLine alert={alert} />}
      {alert.description && (
        <p className="max-w-prose whitespace-pre-line" dir="auto">
          {alert.description}
        </p>
      )}
      <p className="flex flex-wrap gap-x-2 text-meta text-muted">
        <span className={levelText(severityLevel(alert.severity))}>{alert.severity || "no severity"}</span>
        {alert.summary && <span>{alert.name}</span>}
        <span>{placeOf(alert)}</span>
        {alert.polled && <span>no notification told of it: it was found in Alertmanager</span>}
      </p>
      <Actions alert={alert} now={now} />
    </header>
  );
}

function Actions({ alert, now }: { alert: AlertDetail; now: number }) {
  const { view } = useView();
  const { runbook, dashboard, source } = alert.links;
  return (
    <div className="flex flex-wrap gap-1.5">
      {alert.end === null && alert.silenced_by.length === 0 && <SilenceButton alert={alert} />}
      <Link href={linkTo(LINES.path, episodeView(view, alert, now))} className={buttonClass("outline", "sm")}>
        <List size={14} aria-hidden />
        Lines of these minutes
      </Link>
      {runbook && <Away href={runbook}>Runbook</Away>}
      {dashboard && <Away href={dashboard}>Dashboard</Away>}
      {source && <Away href={source}>Expression</Away>}
    </div>
  );
}

/** A link out of the page. The server lets only http and https through. */
function Away({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a href={href} target="_blank" rel="noreferrer" className={buttonClass("outline", "sm")}>
      <ExternalLink size={14} aria-hidden />
      {children}
    </a>
  );
}

function IssuesPanel({ alert }: { alert: AlertDetail }) {
  return (
    <Panel title="Issues in these minutes" note={placeOf(alert)}>
      {!alert.issues_known && <p className="px-4 pb-3 text-muted">No issues are made of errors here.</p>}
      {alert.issues_known && alert.issues.length === 0 && (
        <p className="px-4 pb-3 text-muted">No errors became issues in this time.</p>
      )}
      {alert.issues.length > 0 && (
        <ul>
          {withoutTwins(alert.issues).map((issue) => (
            <RelatedIssue key={issue.id} issue={issue} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function RelatedIssue({ issue }: { issue: IssueRow }) {
  const { view } = useView();
  const { type, message } = titleParts(issue);
  const level = toLevel(issue.level);
  return (
    <li className="relative flex min-h-11 border-t border-line hover:bg-hover">
      <LevelBar level={level} />
      <div className="grid min-w-0 flex-1 content-center px-3 py-1">
        <Link
          href={linkTo(issuePath(issue.id), view)}
          title={issue.title}
          className="truncate after:absolute after:inset-0"
          dir="auto"
        >
          {type && <span className="font-semibold">{type} </span>}
          <span className={type ? "text-muted" : undefined}>{message}</span>
        </Link>
        <p className="flex flex-wrap items-center gap-x-2 text-meta text-muted">
          <LevelTag level={level} small />
          <StateBadge state={issue.state} />
          <span>{[issue.culprit, issue.service, issue.env].filter(Boolean).join(" · ")}</span>
        </p>
      </div>
      {issue.last_seen && (
        <TimeAgo ms={Date.parse(issue.last_seen)} className="self-center pr-4 pl-2 text-meta text-muted" />
      )}
    </li>
  );
}

function Labels({ alert }: { alert: AlertDetail }) {
  const shown = ["summary", "description", "runbook_url"];
  const rest = Object.entries(alert.annotations).filter(([name]) => !shown.includes(name));
  const extra = Object.entries(alert.extra).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return (
    <Panel title="Labels">
      <Pairs pairs={Object.entries(alert.labels)} />
      {rest.length > 0 && <Pairs title="Annotations" pairs={rest} />}
      {extra.length > 0 && <Pairs title="Also told by Alertmanager" pairs={extra} />}
    </Panel>
  );
}

function Pairs({ title, pairs }: { title?: string; pairs: readonly (readonly [string, string])[] }) {
  return (
    <>
      {title && <h3 className="border-t border-line px-4 pt-2 text-meta text-muted">{title}</h3>}
      <dl className="pb-2">
        {pairs
          .toSorted(([a], [b]) => a.localeCompare(b))
          .map(([name, value]) => (
            <div key={name} className="grid gap-x-3 px-4 py-0.5 md:grid-cols-[8rem_1fr]">
              <dt className="truncate text-muted" title={name}>
                {name}
              </dt>
              <dd className="max-h-40 min-w-0 overflow-y-auto font-mono text-code" dir="auto">
                {value}
              </dd>
            </div>
          ))}
      </dl>
    </>
  );
}
