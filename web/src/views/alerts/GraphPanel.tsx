import { lazy, Suspense } from "react";
import { useAlertSeries } from "../../api/alerts";
import type { AlertDetail, AlertSeriesResponse } from "../../api/types";
import { Panel } from "../../ui/Panel";
import { Skeleton, SmallErrorState } from "../../ui/States";

const AlertGraph = lazy(() => import("./AlertGraph"));

const HEIGHT = 220;

/** What the alert's expression gave around the episode, with its threshold. */
export function GraphPanel({ alert }: { alert: AlertDetail }) {
  const query = useAlertSeries(alert.id);
  const graph = query.data;
  const placeholder = <Skeleton className="mx-4 h-55" />;
  return (
    <Panel title="Graph" note={graph?.threshold != null && `fires while ${graph.op} ${graph.threshold}`}>
      <div style={{ minHeight: HEIGHT }}>
        {query.isPending && placeholder}
        {query.isError && !graph && (
          <SmallErrorState
            what="The graph"
            error={query.error}
            onRetry={() => query.refetch()}
            className="justify-center py-20"
          />
        )}
        {graph && graph.series.length === 0 && <NoGraph graph={graph} />}
        {graph && graph.series.length > 0 && (
          <Suspense fallback={placeholder}>
            <AlertGraph graph={graph} start={alert.start} end={alert.end} height={HEIGHT} />
          </Suspense>
        )}
      </div>
      {graph?.expr && (
        <pre className="max-h-40 overflow-auto border-t border-line px-4 py-2 font-mono text-code whitespace-pre-wrap text-muted">
          {graph.expr}
        </pre>
      )}
    </Panel>
  );
}

function NoGraph({ graph: { expr, language } }: { graph: AlertSeriesResponse }) {
  const server = language === "logql" ? "Loki" : "Prometheus";
  const why =
    expr === ""
      ? "Its expression is not known: the alert has no link to its rule, or the rule is gone."
      : `${server} has no values of it in these minutes.`;
  return (
    <div className="hatched mx-4 mb-3 flex h-52 items-center justify-center rounded-sm">
      <p className="rounded-sm bg-panel px-2 text-muted">{why}</p>
    </div>
  );
}
