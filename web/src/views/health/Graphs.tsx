import { useMemo } from "react";
import { useHealthSeries } from "../../api/queries";
import type { HealthComponent, HealthGraph, HealthSeriesResponse } from "../../api/types";
import { LineLegend, lastValue } from "../../charts/LineLegend";
import { NoLines } from "../../charts/NoLines";
import { type GraphData, graphData, type Marks, NO_MARKS } from "../../lib/graph";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { lazily, Meanwhile } from "../../ui/lazily";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { GrafanaLink } from "./SignalList";

const LineChart = lazily(() => import("../../charts/LineChart"));

const HEIGHT = 132;
const GRID = "grid min-w-0 content-start gap-x-6 gap-y-5 xl:grid-cols-2";

/** The graphs of a component on one axis of time, with what else happened in it. */
export function Graphs({ component, marks }: { component: HealthComponent; marks: Marks }) {
  const query = useHealthSeries(component.id, useAnchor());
  const data = query.data?.component === component.id ? query.data : undefined;
  if (query.isError && !data) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const names = [...new Set(component.signals.flatMap(({ graph }) => graph ?? []))];
  return (
    <div className="grid min-w-0 content-start gap-3">
      {query.isError && <Notice>{query.error.message} Showing the values before.</Notice>}
      {data?.partial && <Unanswered onRetry={() => query.refetch()} />}
      <div className={GRID}>
        {data?.graphs.map((graph) => (
          <Graph
            key={graph.name}
            answer={data}
            graph={graph}
            reason={whyUnknown(component, graph)}
            marks={marks}
          />
        )) ??
          names.map((name) => (
            <div key={name} style={{ minHeight: HEIGHT + 44 }}>
              <h3 className="text-meta">{name}</h3>
              <Skeleton className="mt-2 h-24" />
            </div>
          ))}
      </div>
    </div>
  );
}

/** Says that graphs lack what was not answered, and asks again at once; each graph has the reason. */
export function Unanswered({ onRetry }: { onRetry: () => void }) {
  return (
    <Notice
      action={
        <Button size="sm" onClick={onRetry}>
          Retry
        </Button>
      }
    >
      Not everything was answered; what is missing is asked for again every 15 s.
    </Notice>
  );
}

/** Why the signals of a graph are not known now, "" if one is. */
function whyUnknown({ signals }: HealthComponent, graph: HealthGraph): string {
  const drawn = signals.filter(({ id }) => graph.signals.some((one) => one.id === id));
  return drawn.every(({ verdict }) => verdict === "no_data") ? (drawn[0]?.reason ?? "") : "";
}

interface GraphProps {
  answer: HealthSeriesResponse;
  graph: HealthGraph;
  /** Why there is no data now, if the server has not said it with the values. */
  reason?: string;
  /** What else happened meanwhile. */
  marks?: Marks;
}

/** One graph with its legend; a drag zooms the page. */
export function Graph({ answer, graph, reason, marks = NO_MARKS }: GraphProps) {
  const { view, setView } = useView();
  const data = useMemo(() => graphData(answer, graph, marks), [answer, graph, marks]);
  const grafana = graph.signals.find((signal) => signal.grafana)?.grafana;
  const zoom = (startMs: number, endMs: number) =>
    setView({ ...view, range: { kind: "absolute", startMs, endMs } });
  return (
    <section aria-label={graph.name} className="min-w-0" data-graph={graph.name}>
      <header className="flex items-center gap-2">
        <h3 className="font-semibold">{graph.name}</h3>
        {grafana && <GrafanaLink href={grafana} label={`${graph.name} in Grafana`} />}
      </header>
      {data.reason ? (
        <NoLines height={HEIGHT}>{reason || data.reason}</NoLines>
      ) : (
        <>
          <Meanwhile value={<Skeleton className="h-33" />}>
            <LineChart data={data} height={HEIGHT} label={inWords(graph, data)} onZoom={zoom} />
          </Meanwhile>
          <LineLegend data={data} />
        </>
      )}
    </section>
  );
}

function inWords(graph: HealthGraph, data: GraphData): string {
  const lines = data.lines.map(({ label, values }) => `${label} ${lastValue(values, data)}`);
  return `${graph.name} over time, last: ${lines.join(", ")}`;
}
