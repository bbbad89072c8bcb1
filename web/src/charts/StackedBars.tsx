import { useMemo, useState } from "react";
import type uPlot from "uplot";
import type { Tick } from "../lib/graph";
import { type ChartData, gaps } from "../lib/volume";
import { chartColumns, chartOptions, type Live } from "./options";
import { Tooltip } from "./Tooltip";
import { usePlot } from "./usePlot";

export interface StackedBarsProps {
  data: ChartData;
  /** For each bucket: was there any data? Without it every bucket counts as covered. */
  covered?: readonly boolean[] | undefined;
  /** Moments to mark, as deploys. */
  ticks?: readonly Tick[] | undefined;
  height: number;
  /** What the chart shows, in words, for those who cannot see it. */
  label: string;
  onZoom: (startMs: number, endMs: number) => void;
}

/** Bars of counts over time, stacked; dragging zooms, all charts of the page share the cursor. */
export default function StackedBars({ data, covered, ticks, height, label, onZoom }: StackedBarsProps) {
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const [pinned, setPinned] = useState(false);
  const [hovered, setHovered] = useState(false);
  const live = useMemo<Live>(
    () => ({ data, gaps: covered ? gaps(covered, data.stepMs) : [], ticks: ticks ?? [] }),
    [data, covered, ticks],
  );
  const tokens = data.series.map(({ token }) => token).reverse();
  const box = usePlot({
    data: live,
    kind: tokens.join(" "),
    height,
    columns: chartColumns,
    options: (width, handlers) => chartOptions(tokens, width, height, handlers),
    onCursor: (plot, shown) => setCursor(cursorAt(plot, shown.data)),
    onZoom,
  });

  return (
    <figure
      aria-label={label}
      className="relative"
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => {
        setHovered(false);
        setPinned(false);
      }}
      onPointerUp={() => setPinned((was) => !was)}
    >
      <div ref={box} aria-hidden style={{ height }} />
      {cursor && hovered && (
        <Tooltip data={data} {...cursor} pinned={pinned} covered={covered?.[cursor.index]} />
      )}
    </figure>
  );
}

interface Cursor {
  index: number;
  /** Middle of the bar in CSS pixels from the left edge of the figure. */
  x: number;
  width: number;
}

function cursorAt(plot: uPlot, { starts, stepMs }: ChartData): Cursor | null {
  const { left } = plot.cursor;
  if (left === undefined || left < 0) return null;
  const index = Math.floor((plot.posToVal(left, "x") * 1000 - (starts[0] ?? 0)) / stepMs);
  const start = starts[index];
  if (start === undefined) return null;
  const x = plot.valToPos((start + stepMs / 2) / 1000, "x") + plot.over.offsetLeft;
  return { index, x, width: plot.width };
}
