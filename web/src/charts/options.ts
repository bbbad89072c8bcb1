import uPlot from "uplot";
import { formatShort } from "../lib/format";
import type { Tick } from "../lib/graph";
import type { ChartData } from "../lib/volume";
import { axisDate, timeLabels } from "./axis";
import { tokenColour } from "./colours";
import { drawGaps } from "./hatch";
import { drawTicks } from "./ticks";

/** What a chart reads at each drawing, so that new data needs no new chart. */
export interface Live {
  data: ChartData;
  /** Runs of buckets without data, as [first, last]. */
  gaps: readonly [number, number][];
  ticks: readonly Tick[];
}

export interface Handlers {
  live: () => Live;
  onCursor: (chart: uPlot) => void;
  onZoom: (startMs: number, endMs: number) => void;
}

export const FONT = "11px system-ui, sans-serif";
const GUTTER = 44;

/** Options of a stacked bar chart over time. */
export function chartOptions(
  tokens: readonly string[],
  width: number,
  height: number,
  handlers: Handlers,
): uPlot.Options {
  const muted = tokenColour("muted");
  const line = tokenColour("line");
  const panel = tokenColour("panel");
  // Narrow bars stand close, or the gaps would be as wide as they are.
  const gap = (width - GUTTER) / Math.max(1, handlers.live().data.starts.length) < 4 ? 0 : 1;
  const axis = { stroke: muted, font: FONT, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    width,
    height,
    tzDate: axisDate,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      // The crosshair is shared; a drag is one chart's own, or each chart would zoom.
      sync: { key: "page", filters: { pub: isCrosshair, sub: isCrosshair } },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { time: true, range: () => xRange(handlers.live().data) },
      y: { range: (_chart, _min, max) => [0, yMax(max)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        space: 64,
        grid: { show: false },
        values: (_chart, splits, _axis, _space, increment) => timeLabels(splits, increment),
      },
      {
        ...axis,
        size: GUTTER,
        gap: 6,
        space: height < 100 ? 18 : 32,
        incrs: WHOLE,
        values: (_chart, splits) => splits.map(formatShort),
      },
    ],
    series: [{}, ...tokens.map((token) => barSeries(token, gap))],
    hooks: {
      draw: [(chart) => drawTicks(chart, handlers.live().ticks, { ink: muted, ground: panel, font: FONT })],
      drawAxes: [
        (chart) =>
          drawGaps(chart, gapSpans(handlers.live()), {
            label: "no lines",
            ink: muted,
            ground: panel,
            font: FONT,
          }),
      ],
      setCursor: [handlers.onCursor],
      setSelect: [(chart) => zoom(chart, handlers)],
    },
  };
}

function gapSpans({ data, gaps }: Live): [number, number][] {
  return gaps.map(([first, last]) => [
    (data.starts[first] ?? 0) / 1000,
    ((data.starts[last] ?? 0) + data.stepMs) / 1000,
  ]);
}

export function isCrosshair(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

/**
 * uPlot's columns for a stack: the highest first, for each bar is drawn over
 * the one before it.
 */
export function chartColumns(data: ChartData): uPlot.AlignedData {
  const sums = data.starts.map(() => 0);
  const stacked = data.series.map(({ counts }) => {
    counts.forEach((count, index) => {
      sums[index] = (sums[index] ?? 0) + count;
    });
    return [...sums];
  });
  return [data.starts.map((ms) => ms / 1000), ...stacked.reverse()];
}

const WHOLE = [1, 2, 5]
  .flatMap((step) => Array.from({ length: 10 }, (_, power) => step * 10 ** power))
  .sort((a, b) => a - b);

function barSeries(token: string, gap: number): uPlot.Series {
  const colour = tokenColour(token);
  const paths = uPlot.paths.bars?.({ align: 1, size: [1, 64], gap });
  return { stroke: colour, fill: colour, width: 0, points: { show: false }, ...(paths && { paths }) };
}

function xRange({ starts, stepMs }: ChartData): [number, number] {
  const first = starts[0] ?? 0;
  const last = starts.at(-1) ?? first;
  return [first / 1000, (last + stepMs) / 1000];
}

function yMax(max: number): number {
  if (!(max > 0)) return 4;
  return max < 4 ? 4 : max * 1.1;
}

function zoom(chart: uPlot, { live, onZoom }: Handlers): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  const { starts, stepMs } = live().data;
  const origin = starts[0] ?? 0;
  const snap = (pixel: number, round: (value: number) => number) =>
    origin + round((chart.posToVal(pixel, "x") * 1000 - origin) / stepMs) * stepMs;
  const startMs = snap(left, Math.floor);
  const endMs = snap(left + width, Math.ceil);
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom(startMs, Math.max(endMs, startMs + stepMs));
}
