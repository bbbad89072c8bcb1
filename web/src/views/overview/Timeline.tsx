import { useMemo } from "react";
import { useRetry, useVolume } from "../../api/queries";
import type { VolumeResponse } from "../../api/types";
import { ChartPanel } from "../../charts/ChartPanel";
import { Legend } from "../../charts/Legend";
import { plural } from "../../lib/format";
import type { Tick } from "../../lib/graph";
import { toTick } from "../../lib/related";
import {
  type ChartData,
  chartByLevel,
  chartByService,
  coverage,
  errorsOnly,
  topServices,
} from "../../lib/volume";
import { useAnchor } from "../../state/anchor";
import { countFilters, onlyValues, toggleFilter } from "../../state/filters";
import { useView } from "../../state/useView";
import type { View } from "../../state/view";
import { Panel } from "../../ui/Panel";
import { Segmented } from "../../ui/Segmented";
import { ErrorState, Notice } from "../../ui/States";
import { AlertStrip } from "../alerts/AlertStrip";
import { useShownDeploys } from "./useShownDeploys";

const HEIGHT = 148;

/** Errors and all lines over time, one above the other on the same axis. */
export function Timeline() {
  const { view, setView } = useView();
  const anchor = useAnchor();
  const query = useVolume(view, anchor, "service,level");
  const retry = useRetry();
  const deploys = useShownDeploys();
  const ticks = useMemo(() => deploys.map(toTick), [deploys]);
  const charts = query.data && buildCharts(query.data, view.by);
  const covered = charts && countFilters(view) === 0 ? coverage(charts.lines, anchor.now) : undefined;
  return (
    <Panel
      title="Errors and lines over time"
      note={<span className="hidden sm:inline">drag to zoom</span>}
      actions={
        <Segmented
          label="Colours"
          value={view.by}
          onChange={(by) => setView({ ...view, by }, { replace: true })}
          options={[
            { value: "level", label: "By level" },
            { value: "service", label: "By service" },
          ]}
        />
      }
    >
      {query.data?.partial && <Notice>{query.data.warnings.join(" ") || "Some counts are missing."}</Notice>}
      {query.isError && query.data && <Notice>{query.error.message} Showing the counts before.</Notice>}
      {query.isError && !charts ? (
        <ErrorState error={query.error} onRetry={retry} className="min-h-78" />
      ) : (
        <div className="grid gap-x-4 gap-y-1 px-4 pt-1 pb-3 lg:grid-cols-[1fr_11rem]">
          <Chart title="Errors" query={query} data={charts?.errors} covered={covered} ticks={ticks} />
          <Chart title="Lines" query={query} data={charts?.lines} covered={covered} ticks={ticks} />
          {charts && <AlertStrip axis={axisOf(charts.lines)} />}
        </div>
      )}
    </Panel>
  );
}

interface ChartProps {
  title: "Errors" | "Lines";
  query: ReturnType<typeof useVolume>;
  data: ChartData | undefined;
  covered: readonly boolean[] | undefined;
  ticks: readonly Tick[];
}

function Chart({ title, query, data, covered, ticks }: ChartProps) {
  const { view, setView } = useView();
  const filter = (values: readonly string[], mode: "include" | "exclude") =>
    setView(filtered(view, values, mode));
  return (
    <>
      <div className="min-w-0">
        <h3 className="text-meta">
          {data ? plural(data.total, title === "Errors" ? "error" : "line") : title}
        </h3>
        <ChartPanel
          query={query}
          data={data}
          covered={covered}
          ticks={ticks}
          height={HEIGHT}
          label={data ? `${title} over time: ${data.total} in all` : title}
          empty={<EmptyChart title={title} />}
        />
      </div>
      <div className="mb-2 min-w-0 lg:pt-4">{data && <Legend series={data.series} onFilter={filter} />}</div>
    </>
  );
}

function EmptyChart({ title }: { title: string }) {
  return (
    <p className="rounded-sm bg-panel px-2 text-muted">
      {title === "Errors" ? "No errors" : "No lines"} in this time with these filters
    </p>
  );
}

function axisOf({ starts, stepMs }: ChartData) {
  return { startMs: starts[0] ?? 0, endMs: (starts.at(-1) ?? 0) + stepMs };
}

function filtered(view: View, values: readonly string[], mode: "include" | "exclude"): View {
  const facet = view.by;
  if (mode === "include") return onlyValues(view, facet, values);
  return values.reduce((next, value) => toggleFilter(next, facet, value, mode), view);
}

function buildCharts(volume: VolumeResponse, by: View["by"]): { errors: ChartData; lines: ChartData } {
  const errors = errorsOnly(volume);
  if (by === "level") return { errors: chartByLevel(errors), lines: chartByLevel(volume) };
  const names = topServices(errors, volume);
  return { errors: chartByService(errors, names), lines: chartByService(volume, names) };
}
