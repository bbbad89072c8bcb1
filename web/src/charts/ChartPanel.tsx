import { lazy, type ReactNode, Suspense } from "react";
import type { ChartData } from "../lib/volume";
import { useView } from "../state/useView";
import { ErrorState, Skeleton } from "../ui/States";

const StackedBars = lazy(() => import("./StackedBars"));

interface ChartPanelProps {
  /** The query behind the chart. */
  query: { isPending: boolean; isError: boolean; error: unknown; refetch: () => unknown };
  data: ChartData | undefined;
  covered?: readonly boolean[] | undefined;
  height: number;
  label: string;
  /** Shown in place of the chart when there is not a single line. */
  empty: ReactNode;
}

/** A chart in each of its states, always of the same height. */
export function ChartPanel({ query, data, covered, height, label, empty }: ChartPanelProps) {
  const { view, setView } = useView();
  const frame = { minHeight: height };
  if (query.isError && !data) {
    return (
      <div style={frame} className="flex items-center justify-center">
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      </div>
    );
  }
  if (!data) return <Bars height={height} />;
  if (data.total === 0 && !covered?.includes(true)) {
    return (
      <div style={frame} className="hatched flex items-center justify-center rounded-sm">
        {empty}
      </div>
    );
  }
  const zoom = (startMs: number, endMs: number) =>
    setView({ ...view, range: { kind: "absolute", startMs, endMs }, tail: false, line: "" });
  return (
    <Suspense fallback={<Bars height={height} />}>
      <StackedBars data={data} covered={covered} height={height} label={label} onZoom={zoom} />
    </Suspense>
  );
}

function Bars({ height }: { height: number }) {
  return (
    <div style={{ height }} className="flex items-end pb-6 pl-11">
      <Skeleton className="h-3/5 w-full" />
    </div>
  );
}
