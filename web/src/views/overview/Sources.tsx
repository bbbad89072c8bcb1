import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "wouter";
import type { HealthResponse, Source } from "../../api/types";
import { LINES, USAGE } from "../../app/routes";
import { formatRate } from "../../lib/format";
import { ago, describeSpan, formatExact } from "../../lib/time";
import { onlyValues, withTail } from "../../state/filters";
import { useNow } from "../../state/useNow";
import { linkTo, useView } from "../../state/useView";
import { Panel, PanelLink } from "../../ui/Panel";
import { EmptyState, ErrorState, Skeleton } from "../../ui/States";
import { VerdictMark } from "../../ui/Verdict";

const SILENT_MS = 10 * 60_000;

/** How fresh each log source is. */
export function Sources({ health }: { health: UseQueryResult<HealthResponse> }) {
  const { view } = useView();
  const { data, isError, error, refetch, isPending } = health;
  const now = useNow(5000);
  const envs = view.filters.env.include;
  const sources = data?.sources.filter(({ env }) => envs.length === 0 || envs.includes(env));
  const silent = sources?.filter((source) => isSilent(source, now)) ?? [];
  return (
    <Panel
      title="Sources"
      note={sources && sources.length > 0 && `${sources.length}`}
      actions={<PanelLink href={linkTo(USAGE.path, withTail(view, false))}>{USAGE.name}</PanelLink>}
    >
      {isPending && <Skeleton className="m-4 h-40" />}
      {isError && !data && <ErrorState error={error} onRetry={() => refetch()} className="min-h-48" />}
      {data?.sources_known === false && (
        <EmptyState
          className="min-h-48"
          title="Loki does not tell what sends lines"
          hint="The card of the log pipeline above says why."
        />
      )}
      {data?.sources_known && sources?.length === 0 && (
        <EmptyState
          className="min-h-48"
          title="No source has sent a line in the last day"
          hint="Look at the collector's card above, and at its page /targets, which lists what it reads."
        />
      )}
      {silent.length > 0 && (
        <p data-silent className="px-4 pb-2 wrap-anywhere text-muted">
          Silent: {silent.map(sourceName).join(", ")}
        </p>
      )}
      <ul>
        {sources?.map((source) => (
          <SourceRow key={`${source.service} ${source.env} ${source.host}`} source={source} />
        ))}
      </ul>
    </Panel>
  );
}

function SourceRow({ source }: { source: Source }) {
  const { view } = useView();
  const now = useNow(5000);
  const last = source.last_seen === null ? null : Date.parse(source.last_seen);
  const silent = last === null || isSilent(source, now);
  const target = onlyValues(onlyValues(view, "service", [source.service]), "host", [source.host]);
  return (
    <li data-source={source.service} className="border-t border-line first:border-t-0">
      <Link
        href={linkTo(LINES.path, target)}
        className="flex min-h-11 items-center gap-2.5 px-4 py-1 hover:bg-hover"
        title={last === null ? "No line in the last day" : `Newest line ${formatExact(last)}`}
      >
        <VerdictMark verdict={silent ? "no_data" : "ok"} />
        <span className="grid min-w-0 flex-1">
          <span className="truncate">{source.service || "no service"}</span>
          <span className="truncate text-meta text-muted">
            {[source.env, source.host].filter(Boolean).join(" · ")}
          </span>
        </span>
        <span className="grid justify-items-end text-meta">
          <span>{silent ? silence(last, now) : freshness(last, now)}</span>
          <span className="text-muted">{formatRate(source.lines_per_second)}</span>
        </span>
      </Link>
    </li>
  );
}

function isSilent({ last_seen }: Source, now: number): boolean {
  return last_seen === null || now - Date.parse(last_seen) > SILENT_MS;
}

/** "nginx of staging". */
function sourceName({ service, env }: Source): string {
  return `${service || "no service"}${env && ` of ${env}`}`;
}

// The time of the newest line is known to 10 s only.
function freshness(last: number, now: number): string {
  return now - last < 10_000 ? "< 10 s ago" : ago(last, now);
}

function silence(last: number | null, now: number): string {
  return last === null ? "silent for a day" : `silent ${describeSpan(now - last)}`;
}
