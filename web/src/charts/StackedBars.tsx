import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Tick } from "../lib/graph";
import { type ChartData, gaps } from "../lib/volume";
import { useTheme } from "../state/theme";
import { chartColumns, chartOptions, type Live } from "./options";
import { Tooltip } from "./Tooltip";

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
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const live = useRef<Live>({ data, gaps: [], ticks: [] });
  const zoomTo = useRef(onZoom);
  const [theme] = useTheme();
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const [pinned, setPinned] = useState(false);
  const [hovered, setHovered] = useState(false);
  const tokens = data.series.map(({ token }) => token).join(" ");

  useEffect(() => {
    live.current = { data, gaps: covered ? gaps(covered, data.stepMs) : [], ticks: ticks ?? [] };
    zoomTo.current = onZoom;
    // A chart with other series is about to be replaced below.
    if (chart.current?.series.length === data.series.length + 1) chart.current.setData(chartColumns(data));
  }, [data, covered, ticks, onZoom]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a theme's colours are read while building
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const options = chartOptions(tokenList(tokens), element.clientWidth, height, {
      live: () => live.current,
      onCursor: (plot) => setCursor(cursorAt(plot, live.current.data)),
      onZoom: (startMs, endMs) => zoomTo.current(startMs, endMs),
    });
    const plot = new uPlot(options, chartColumns(live.current.data), element);
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = null;
    };
  }, [tokens, height, theme]);

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

function tokenList(tokens: string): string[] {
  return tokens === "" ? [] : tokens.split(" ").reverse();
}
