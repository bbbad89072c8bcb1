import type { ReactNode } from "react";
import { type Bounds, useVolume } from "../../api/queries";
import type { VolumeResponse } from "../../api/types";
import { ChartPanel } from "../../charts/ChartPanel";
import { Legend } from "../../charts/Legend";
import { plural } from "../../lib/format";
import { chartByLevel, chartByService, coverage, topServices } from "../../lib/volume";
import { countFilters, onlyValues, toggleFilter } from "../../state/filters";
import { useIsNarrow } from "../../state/useMedia";
import { useView } from "../../state/useView";
import type { View } from "../../state/view";
import { Segmented } from "../../ui/Segmented";
import { Notice } from "../../ui/States";

/** The view's lines counted over time; dragging zooms. */
export function Histogram({ bounds }: { bounds: Bounds }) {
  const { view, setView } = useView();
  const query = useVolume(view, bounds, view.by);
  return (
    <VolumeChart volume={query.data} by={view.by} query={query} endMs={bounds.endMs}>
      <Segmented
        label="Colours"
        value={view.by}
        onChange={(by) => setView({ ...view, by }, { replace: true })}
        options={[
          { value: "level", label: "Level" },
          { value: "service", label: "Service" },
        ]}
      />
    </VolumeChart>
  );
}

interface VolumeChartProps {
  /** Undefined while it is not known. */
  volume: VolumeResponse | undefined;
  by: View["by"];
  /** How the loading of it stands. */
  query: { isPending: boolean; isError: boolean; error: unknown };
  /** The end of the range; without it no part of it is said to have no data. */
  endMs?: number;
  /** What stands beside the number of lines. */
  children?: ReactNode;
}

/** Counts of lines as a chart with its legend, which filters. */
export function VolumeChart({ volume, by, query, endMs, children }: VolumeChartProps) {
  const { view, setView } = useView();
  const narrow = useIsNarrow();
  const counted = volume?.series.every(({ labels }) => by === "level" || labels.service !== undefined);
  const data =
    volume &&
    (by === "level" || !counted ? chartByLevel(volume) : chartByService(volume, topServices(volume)));
  const covered = data && endMs !== undefined && countFilters(view) === 0 ? coverage(data, endMs) : undefined;
  const filter = (values: readonly string[], mode: "include" | "exclude") =>
    setView(
      mode === "include"
        ? onlyValues(view, by, values)
        : values.reduce((next, value) => toggleFilter(next, by, value, mode), view),
    );
  return (
    <section aria-label="Lines over time" className="border-y border-line bg-panel">
      {volume?.partial && <Notice>{volume.warnings.join(" ") || "Some counts are missing."}</Notice>}
      <div className="grid items-center gap-x-4 px-2 pt-1 md:px-4 lg:grid-cols-[1fr_11rem]">
        <div className="min-w-0">
          <div className="flex items-center justify-between">
            <p className="text-meta text-muted" data-line-count={data?.total}>
              {data ? plural(data.total, "line") : query.isError ? "" : "Counting …"}
            </p>
            {children}
          </div>
          <ChartPanel
            query={query}
            data={data}
            covered={covered}
            height={narrow ? 72 : 104}
            label={data ? `Lines over time: ${data.total} in all` : "Lines over time"}
            empty={
              <p className="rounded-sm bg-panel px-2 text-muted">No lines in this time with these filters</p>
            }
          />
        </div>
        <div className="hidden lg:block">{data && <Legend series={data.series} onFilter={filter} />}</div>
      </div>
    </section>
  );
}
