import { lazy, Suspense, useMemo } from "react";
import { useHealthSeries } from "../../api/queries";
import type { HealthComponent, HealthGraph, HealthSeriesResponse } from "../../api/types";
import { Swatch } from "../../charts/Swatch";
import { type GraphData, graphData } from "../../lib/graph";
import { formatUnit } from "../../lib/units";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { GrafanaLink } from "./SignalList";

const LineChart = lazy(() => import("../../charts/LineChart"));

const HEIGHT = 132;
const GRID = "grid min-w-0 content-start gap-x-6 gap-y-5 xl:grid-cols-2";

/** The graphs of a component on one axis of time. */
export function Graphs({ component }: { component: HealthComponent }) {
  const query = useHealthSeries(component.id, useAnchor());
  const data = query.data?.component === component.id ? query.data : undefined;
  if (query.isError && !data) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const names = [...new Set(component.signals.flatMap(({ graph }) => graph ?? []))];
  return (
    <div className="grid min-w-0 content-start gap-3">
      {query.isError && <Notice>{query.error.message} Showing the values before.</Notice>}
      <div className={GRID}>
        {data?.graphs.map((graph) => (
          <Graph key={graph.name} answer={data} graph={graph} reason={whyUnknown(component, graph)} />
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

/** Why the signals of a graph are not known now, "" if one is. */
function whyUnknown({ signals }: HealthComponent, graph: HealthGraph): string {
  const drawn = signals.filter(({ id }) => graph.signals.some((one) => one.id === id));
  return drawn.every(({ verdict }) => verdict === "no_data") ? (drawn[0]?.reason ?? "") : "";
}

interface GraphProps {
  answer: HealthSeriesResponse;
  graph: HealthGraph;
  /** Why there is no data now, "" if there is some. */
  reason: string;
}

function Graph({ answer, graph, reason }: GraphProps) {
  const { view, setView } = useView();
  const data = useMemo(() => graphData(answer, graph), [answer, graph]);
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
        <div
          style={{ height: HEIGHT }}
          className="hatched mt-1 flex items-center justify-center rounded-sm border border-dashed border-line p-3"
        >
          <p className="max-w-prose rounded-sm bg-panel px-2 text-center text-meta text-muted">
            <span className="font-semibold">No data</span>: {reason || data.reason}
          </p>
        </div>
      ) : (
        <>
          <Suspense fallback={<Skeleton className="h-33" />}>
            <LineChart data={data} height={HEIGHT} label={inWords(graph, data)} onZoom={zoom} />
          </Suspense>
          <Legend data={data} />
        </>
      )}
    </section>
  );
}

/** Names of the lines with their last values. */
function Legend({ data }: { data: GraphData }) {
  return (
    <ul className="flex flex-wrap gap-x-4 text-meta text-muted">
      {data.lines.map(({ label, token, values }) => (
        <li key={label} className="flex max-w-full items-center gap-1.5">
          <Swatch token={token} />
          <span className="truncate">{label}</span>
          <span className="whitespace-nowrap text-text">{lastValue(values, data)}</span>
        </li>
      ))}
      {data.more > 0 && <li>{data.more} more are not drawn</li>}
    </ul>
  );
}

function lastValue(values: GraphData["lines"][number]["values"], { unit }: GraphData): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? "no data" : formatUnit(last, unit);
}

function inWords(graph: HealthGraph, data: GraphData): string {
  const lines = data.lines.map(({ label, values }) => `${label} ${lastValue(values, data)}`);
  return `${graph.name} over time, last: ${lines.join(", ")}`;
}
