import type { ReactNode } from "react";
import { useRetry } from "../api/queries";
import type { Tick } from "../lib/graph";
import type { ChartData } from "../lib/volume";
import { useView } from "../state/useView";
import { cx } from "../ui/cx";
import { lazily, Meanwhile } from "../ui/lazily";
import { Skeleton, SmallErrorState } from "../ui/States";

const StackedBars = lazily(() => import("./StackedBars"));

interface ChartPanelProps {
  /** The query behind the chart. */
  query: { isPending: boolean; isError: boolean; error: unknown };
  data: ChartData | undefined;
  covered?: readonly boolean[] | undefined;
  ticks?: readonly Tick[] | undefined;
  height: number;
  label: string;
  /** Shown in place of the chart when there is not a single line. */
  empty: ReactNode;
}

/** A chart in each of its states, always of the same height. */
export function ChartPanel({ query, data, covered, ticks, height, label, empty }: ChartPanelProps) {
  const { view, setView } = useView();
  const retry = useRetry();
  const frame = { minHeight: height };
  if (query.isError && !data) {
    return (
      <div style={frame} className="flex items-center justify-center">
        <SmallErrorState what="The counts" error={query.error} onRetry={retry} />
      </div>
    );
  }
  if (!data) return <Bars height={height} />;
  if (data.total === 0 && !covered?.includes(true)) {
    return (
      <div style={frame} className={cx("flex items-center justify-center rounded-sm", covered && "hatched")}>
        {empty}
      </div>
    );
  }
  const zoom = (startMs: number, endMs: number) =>
    setView({ ...view, range: { kind: "absolute", startMs, endMs }, tail: false, line: "" });
  return (
    <Meanwhile value={<Bars height={height} />}>
      <StackedBars data={data} covered={covered} ticks={ticks} height={height} label={label} onZoom={zoom} />
    </Meanwhile>
  );
}

function Bars({ height }: { height: number }) {
  return (
    <div style={{ height }} className="flex items-end pb-6 pl-11">
      <Skeleton className="h-3/5 w-full" />
    </div>
  );
}
