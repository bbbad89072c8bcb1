import { useState } from "react";
import { useAlertTimeline } from "../../api/alerts";
import type { AlertTimelineResponse } from "../../api/types";
import { plural } from "../../lib/format";
import { lastSpan } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../ui/States";
import { TimelineAxis, TimelineRow } from "./TimelineRow";

const ROWS_SHOWN = 30;

/** What fired in the page's range, one row for each name. */
export function TimelinePanel() {
  const { view } = useView();
  const query = useAlertTimeline(view, useAnchor());
  const when =
    view.range.kind === "relative" ? `in the last ${lastSpan(view.range.spanMs)}` : "in the chosen time";
  return (
    <Panel title="What fired" note={query.data && `${countWords(query.data)} ${when}`}>
      {query.isPending && <Skeleton className="m-4 h-32" />}
      {query.isError && !query.data && (
        <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-32" />
      )}
      {query.isError && query.data && <Notice>{query.error.message} Showing what was loaded before.</Notice>}
      {query.data && <Rows timeline={query.data} />}
    </Panel>
  );
}

function Rows({ timeline }: { timeline: AlertTimelineResponse }) {
  const [all, setAll] = useState(false);
  const { rows, gaps, partial } = timeline;
  const axis = { startMs: Date.parse(timeline.start), endMs: Date.parse(timeline.end) };
  const shown = all ? rows : rows.slice(0, ROWS_SHOWN);
  if (rows.length === 0 && gaps.length === 0) {
    return (
      <EmptyState title="Nothing fired in this time" hint="A longer range shows more." className="py-8" />
    );
  }
  return (
    <>
      {partial && (
        <Notice>Only the newest 5,000 episodes are shown. A shorter range shows all of its own.</Notice>
      )}
      <ul className="mt-1">
        {shown.map((row) => (
          <TimelineRow key={row.name} row={row} axis={axis} gaps={gaps} />
        ))}
        {rows.length === 0 && <li className="px-4 py-2 text-muted">Nothing is known to have fired.</li>}
      </ul>
      {rows.length > shown.length && (
        <div className="flex justify-center border-t border-line p-2">
          <Button size="sm" onClick={() => setAll(true)}>
            {plural(rows.length - shown.length, "more name")}
          </Button>
        </div>
      )}
      <TimelineAxis axis={axis} gaps={gaps} />
      {gaps.length > 0 && (
        <p className="flex items-center gap-2 px-4 pb-2 text-meta text-muted">
          <span aria-hidden className="hatched h-3 w-6 rounded-sm border border-line" />
          Nobody looked at Alertmanager: what is missing here is not known
        </p>
      )}
    </>
  );
}

function countWords({ rows }: AlertTimelineResponse): string {
  const episodes = rows.reduce((sum, row) => sum + row.episodes.length, 0);
  return episodes === 0 ? "nothing" : `${plural(episodes, "episode")} of ${plural(rows.length, "alert")}`;
}
