import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "wouter";
import type { AlertEpisode, AlertTimelineResponse } from "../../api/types";
import { ALERTS, alertPath } from "../../app/routes";
import { lasted, severityLevel } from "../../lib/alerts";
import { plural } from "../../lib/format";
import { episodesOf } from "../../lib/related";
import { useNow } from "../../state/useNow";
import { linkTo, useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { LevelBar, levelText } from "../../ui/LevelTag";
import { Skeleton, SmallErrorState } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { MORE, ROW } from "./related";

const SHOWN = 5;

interface RelatedAlertsProps {
  query: UseQueryResult<AlertTimelineResponse>;
  /** What of the query's answer is about the component. */
  timeline: AlertTimelineResponse | undefined;
}

/** The alerts about a component: those that fire, then those that did in the page's range. */
export function RelatedAlerts({ query, timeline }: RelatedAlertsProps) {
  const { view } = useView();
  const episodes = timeline ? episodesOf(timeline) : [];
  const more = episodes.length - SHOWN;
  return (
    <section aria-label="Alerts" className="min-w-0">
      <h3 className="font-semibold">Alerts</h3>
      {query.isPending && <Skeleton className="mt-2 h-10" />}
      {query.isError && (
        <SmallErrorState
          what="The alerts"
          error={query.error}
          onRetry={() => query.refetch()}
          className="py-2"
        />
      )}
      {timeline && episodes.length === 0 && <p className="py-1 text-muted">{nothing(timeline)}</p>}
      <ul className="mt-1">
        {episodes.slice(0, SHOWN).map((episode) => (
          <Row key={episode.id} episode={episode} />
        ))}
      </ul>
      {more > 0 && (
        <Link href={linkTo(ALERTS.path, view)} className={MORE}>
          {plural(more, "more episode")}
        </Link>
      )}
    </section>
  );
}

function nothing({ gaps }: AlertTimelineResponse): string {
  if (gaps.length === 0) return "None fired in this time.";
  return "None is known to have fired in this time: nobody looked at Alertmanager for a part of it.";
}

function Row({ episode }: { episode: AlertEpisode }) {
  const { view } = useView();
  const now = useNow(10_000);
  const level = severityLevel(episode.severity);
  const fires = episode.end === null;
  return (
    <li data-alert={episode.name}>
      <Link href={linkTo(alertPath(episode.id), view)} className={ROW}>
        <LevelBar level={fires ? level : "unknown"} />
        <span className="grid min-w-0 flex-1">
          <span className={cx("truncate", fires && "font-semibold")}>{episode.name}</span>
          <span className="truncate text-meta text-muted">
            <span className={fires ? levelText(level) : undefined}>{episode.severity || "no severity"}</span>
            {episode.env && ` · ${episode.env}`}
          </span>
        </span>
        <span className="grid shrink-0 justify-items-end text-meta">
          <span>{fires ? `fires for ${lasted(episode, now)}` : `for ${lasted(episode, now)}`}</span>
          {!fires && <TimeAgo ms={Date.parse(episode.start)} className="text-muted" />}
        </span>
      </Link>
    </li>
  );
}
