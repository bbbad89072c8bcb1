import { useMemo } from "react";
import { useAlertSeries } from "../../api/alerts";
import type { AlertDetail, AlertSeriesResponse } from "../../api/types";
import { LineLegend } from "../../charts/LineLegend";
import { NoLines } from "../../charts/NoLines";
import { alertGraph, firesWhile } from "../../lib/alertGraph";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { lazily, Meanwhile } from "../../ui/lazily";
import { Panel } from "../../ui/Panel";
import { ErrorState, Skeleton } from "../../ui/States";

const LineChart = lazily(() => import("../../charts/LineChart"));

const HEIGHT = 220;

/** What the alert's expression gave around the episode, with its threshold. */
export function GraphPanel({ alert }: { alert: AlertDetail }) {
  const query = useAlertSeries(alert.id, useAnchor().now);
  const answer = query.data;
  return (
    <Panel title="Graph" note={answer && firesWhile(answer)}>
      <div style={{ minHeight: HEIGHT }} className="px-4 pb-3">
        {query.isPending && <Skeleton className="h-55" />}
        {query.isError && !answer && (
          <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-55" />
        )}
        {answer && <Graph alert={alert} answer={answer} />}
      </div>
      {answer?.expr && (
        <pre className="max-h-40 overflow-auto border-t border-line px-4 py-2 font-mono text-code whitespace-pre-wrap text-muted">
          {answer.expr}
        </pre>
      )}
    </Panel>
  );
}

function Graph({ alert, answer }: { alert: AlertDetail; answer: AlertSeriesResponse }) {
  const { view, setView } = useView();
  const data = useMemo(() => alertGraph(answer, alert), [answer, alert]);
  const zoom = (startMs: number, endMs: number) =>
    setView({ ...view, range: { kind: "absolute", startMs, endMs } });
  if (data.reason) return <NoLines height={HEIGHT}>{data.reason}</NoLines>;
  return (
    <>
      <Meanwhile value={<Skeleton className="h-55" />}>
        <LineChart data={data} height={HEIGHT} label={`${answer.drawn} over time`} onZoom={zoom} />
      </Meanwhile>
      <LineLegend data={data} />
    </>
  );
}
