import { useMemo, useState } from "react";
import { useMetric } from "../../api/lines";
import type { Bounds } from "../../api/queries";
import type { LogsMetric } from "../../api/types";
import { NoLines } from "../../charts/NoLines";
import { formatBytes, plural } from "../../lib/format";
import { type MetricSeries, metricGraph, metricSeries, OTHER } from "../../lib/metric";
import { countedLines, metricQuery, metricUnit } from "../../lib/metricGrammar";
import { describeDuration } from "../../lib/time";
import type { Unit } from "../../lib/units";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { lazily, Meanwhile } from "../../ui/lazily";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { MetricTable } from "./MetricTable";

const LineChart = lazily(() => import("../../charts/LineChart"));

/** What a metric query gives over the range: its series as lines, and in a table. */
export default function MetricView({ bounds, narrow }: { bounds: Bounds; narrow: boolean }) {
  const { view, setView } = useView();
  const query = useMetric(metricQuery(view, bounds.endMs - bounds.startMs), bounds);
  const { data } = query;
  const height = narrow ? 200 : 280;
  const lines = countedLines(view.query);
  if (query.isError) {
    return <ErrorState error={query.error} onRetry={() => query.refetch()} className="flex-1" />;
  }
  return (
    <section
      aria-label="What the query gives"
      aria-busy={query.isFetching}
      className="min-h-0 flex-1 overflow-y-auto border-t border-line bg-panel"
    >
      {data && data.warnings.length > 0 && <Notice>{data.warnings.join(" ")}</Notice>}
      <div className="flex min-h-10 flex-wrap items-center justify-between gap-x-4 px-2 py-1 text-meta text-muted md:px-4">
        <p data-series-count={data?.series.length}>{data ? inWords(data) : "Evaluating …"}</p>
        {lines !== "" && (
          <Button size="sm" look="quiet" onClick={() => setView({ ...view, query: lines, line: "" })}>
            Show the lines behind it
          </Button>
        )}
      </div>
      <div className={cx("px-2 pb-4 md:px-4", query.isPlaceholderData && "opacity-60")}>
        {!data && <ChartPlaceholder height={height} />}
        {data?.series.length === 0 && (
          <NoLines height={height}>
            the query has no value in this time. LogQL gives none where there are no lines, and not 0.
          </NoLines>
        )}
        {data && data.series.length > 0 && (
          <Series answer={data} unit={metricUnit(view.query)} height={height} />
        )}
      </div>
    </section>
  );
}

/** The chart and the table; a click on a series shows it alone. */
function Series({ answer, unit, height }: { answer: LogsMetric; unit: Unit; height: number }) {
  const { view, setView } = useView();
  const [alone, setAlone] = useState("");
  const series = useMemo(() => metricSeries(answer), [answer]);
  const chosen = series.filter(({ name }) => name === alone).map(inColour);
  const drawn = chosen.length > 0 ? chosen : series;
  const graph = metricGraph(answer, drawn, unit);
  const zoom = (startMs: number, endMs: number) =>
    setView({ ...view, range: { kind: "absolute", startMs, endMs }, line: "" });
  return (
    <>
      <Meanwhile value={<ChartPlaceholder height={height} />}>
        <LineChart
          data={graph}
          height={height}
          label={`The values of ${plural(drawn.length, "series", "series")} over time`}
          onZoom={zoom}
        />
      </Meanwhile>
      <MetricTable
        series={series}
        unit={unit}
        alone={chosen.length > 0 ? alone : ""}
        onChoose={(name) => setAlone(name === alone ? "" : name)}
      />
    </>
  );
}

function inColour(one: MetricSeries): MetricSeries {
  return one.token === OTHER ? { ...one, token: "series-1" } : one;
}

function ChartPlaceholder({ height }: { height: number }) {
  return (
    <div style={{ height }} className="flex items-end pb-6 pl-14">
      <Skeleton className="h-3/5 w-full" />
    </div>
  );
}

function inWords({ series, others, step_ms, stats }: LogsMetric): string {
  const all = plural(series.length + others, "series", "series");
  const shown = others > 0 ? `, the ${series.length} with the largest sums are shown` : "";
  return `${all}${shown}; a point each ${describeDuration(step_ms)}, ${formatBytes(stats.bytes_processed)} read`;
}
