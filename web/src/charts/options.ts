import uPlot from "uplot";
import { formatShort } from "../lib/format";
import type { Tick } from "../lib/graph";
import type { ChartData } from "../lib/volume";
import { tokenColour } from "./colours";
import { axes, FONT, frame, zoom } from "./frame";
import { drawGaps } from "./hatch";
import { drawTicks } from "./ticks";
import type { Handlers } from "./usePlot";

/** What a chart shows. */
export interface Live {
  data: ChartData;
  /** Runs of buckets without data, as [first, last]. */
  gaps: readonly [number, number][];
  ticks: readonly Tick[];
}

const GUTTER = 44;

/** Options of a stacked bar chart over time. */
export function chartOptions(
  tokens: readonly string[],
  width: number,
  height: number,
  handlers: Handlers<Live>,
): uPlot.Options {
  const muted = tokenColour("muted");
  const panel = tokenColour("panel");
  // Narrow bars stand close, or the gaps would be as wide as they are.
  const gap = (width - GUTTER) / Math.max(1, handlers.live().data.starts.length) < 4 ? 0 : 1;
  return {
    ...frame(width, height, { show: false }),
    padding: [8, 20, 0, 0],
    scales: {
      x: { time: true, range: () => xRange(handlers.live().data) },
      y: { range: (_chart, _min, max) => [0, yMax(max)] },
    },
    axes: axes({
      size: GUTTER,
      space: height < 100 ? 18 : 32,
      incrs: WHOLE,
      values: (_chart, splits) => splits.map(formatShort),
    }),
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
      setSelect: [
        (chart) => zoom(chart, (from, to) => wholeBars(from, to, handlers.live()), handlers.onZoom),
      ],
    },
  };
}

function gapSpans({ data, gaps }: Live): [number, number][] {
  return gaps.map(([first, last]) => [
    (data.starts[first] ?? 0) / 1000,
    ((data.starts[last] ?? 0) + data.stepMs) / 1000,
  ]);
}

/**
 * uPlot's columns for a stack: the highest first, for each bar is drawn over
 * the one before it.
 */
export function chartColumns({ data }: Live): uPlot.AlignedData {
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

/** The bars between two times in seconds, those that they touch as well. */
function wholeBars(from: number, to: number, { data: { starts, stepMs } }: Live): [number, number] {
  const origin = starts[0] ?? 0;
  const snap = (seconds: number, round: (value: number) => number) =>
    origin + round((seconds * 1000 - origin) / stepMs) * stepMs;
  const startMs = snap(from, Math.floor);
  return [startMs, Math.max(snap(to, Math.ceil), startMs + stepMs)];
}
