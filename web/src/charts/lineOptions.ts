import type uPlot from "uplot";
import { axisTop, type GraphData } from "../lib/graph";
import { formatUnit } from "../lib/units";
import { tokenColour } from "./colours";
import { axes, FONT, frame, zoom } from "./frame";
import { drawGaps, scaleFont } from "./hatch";
import { type Area, placeLabels } from "./labels";
import { drawTicks } from "./ticks";
import type { Handlers } from "./usePlot";

const GUTTER = 58;
/** Where the axis of bytes has its values. */
const POWERS = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** Options of a chart of measures over time, with dashed thresholds. */
export function lineOptions(
  tokens: readonly string[],
  width: number,
  height: number,
  handlers: Handlers<GraphData>,
): uPlot.Options {
  const muted = tokenColour("muted");
  const panel = tokenColour("panel");
  const limits = { warning: tokenColour("level-warn"), critical: tokenColour("level-error") };
  return {
    ...frame(width, height, { size: 5 }),
    padding: [8, 16, 0, 0],
    scales: {
      x: { time: true, range: () => xRange(handlers.live()) },
      y: { range: (_chart, min) => [Math.min(0, min ?? 0), axisTop(handlers.live())] },
    },
    axes: axes({
      size: GUTTER,
      space: 30,
      ...(handlers.live().unit === "bytes" && { incrs: POWERS }),
      values: (_chart, splits) => splits.map((value) => formatUnit(value, handlers.live().unit)),
    }),
    series: [{}, ...tokens.map(lineSeries)],
    hooks: {
      drawAxes: [
        (chart) => drawBands(chart, handlers.live(), limits.critical),
        (chart) =>
          drawGaps(chart, gapSpans(handlers.live()), {
            label: "no data",
            ink: muted,
            ground: panel,
            font: FONT,
          }),
        // Before the lines: a label must not hide a value.
        (chart) => drawThresholds(chart, handlers.live(), limits, panel),
      ],
      draw: [(chart) => drawTicks(chart, handlers.live().ticks, { ink: muted, ground: panel, font: FONT })],
      setCursor: [handlers.onCursor],
      setSelect: [(chart) => zoom(chart, wholeSeconds, handlers.onZoom)],
    },
  };
}

/** uPlot's columns of a graph. */
export function lineColumns({ startMs, stepMs, points, lines }: GraphData): uPlot.AlignedData {
  const times = Array.from({ length: points }, (_, index) => (startMs + index * stepMs) / 1000);
  return [times, ...lines.map(({ values }) => [...values])];
}

function lineSeries(token: string): uPlot.Series {
  const colour = tokenColour(token);
  // A lone point between gaps is shown as a point, or it would not be seen.
  return { stroke: colour, width: 1.5, points: { size: 4, fill: colour, show: false }, spanGaps: false };
}

function xRange({ startMs, stepMs, points }: GraphData): [number, number] {
  return [startMs / 1000, (startMs + Math.max(1, points - 1) * stepMs) / 1000];
}

function gapSpans({ startMs, stepMs, points, gaps }: GraphData): [number, number][] {
  const at = (index: number) => (startMs + Math.min(Math.max(index, 0), points - 1) * stepMs) / 1000;
  return gaps.map(([first, last]) => [at(first - 1), at(last + 1)]);
}

/** Tints the times in which an alert fired. */
function drawBands(chart: uPlot, { bands }: GraphData, colour: string): void {
  const { ctx, bbox } = chart;
  const at = (ms: number) =>
    Math.min(Math.max(chart.valToPos(ms / 1000, "x", true), bbox.left), bbox.left + bbox.width);
  ctx.save();
  ctx.globalAlpha = 0.09;
  ctx.fillStyle = colour;
  for (const [startMs, endMs] of bands) {
    ctx.fillRect(at(startMs), bbox.top, Math.max(devicePixelRatio, at(endMs) - at(startMs)), bbox.height);
  }
  ctx.restore();
}

function drawThresholds(
  chart: uPlot,
  { thresholds }: GraphData,
  colours: Record<"warning" | "critical", string>,
  ground: string,
): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = scaleFont(FONT, ratio);
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 3 * ratio]);
  const limits = thresholds
    .map((limit) => ({ ...limit, y: Math.round(chart.valToPos(limit.value, "y", true)) }))
    .filter(({ y }) => y >= bbox.top && y <= bbox.top + bbox.height);
  for (const { y, verdict } of limits) {
    ctx.strokeStyle = colours[verdict];
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  const height = 14 * ratio;
  const pad = 4 * ratio;
  const labels = limits.map((limit) => ({ ...limit, width: ctx.measureText(limit.label).width + 2 * pad }));
  const plot = {
    left: bbox.left,
    right: bbox.left + bbox.width,
    top: bbox.top,
    bottom: bbox.top + bbox.height,
  };
  const places = placeLabels(labels, plot, height, (area) => hasLine(chart, area));
  labels.forEach(({ verdict, label, width }, index) => {
    const place = places[index];
    if (!place) return;
    const { right, y } = place;
    ctx.fillStyle = ground;
    ctx.fillRect(right - width, y - height / 2, width, height);
    ctx.fillStyle = colours[verdict];
    ctx.fillText(label, right - pad, y);
  });
  ctx.restore();
}

/** True if one of the chart's lines goes through an area. */
function hasLine(chart: uPlot, { left, right, top, bottom }: Area): boolean {
  const [times, ...lines] = chart.data;
  const index = (x: number) => chart.valToIdx(chart.posToVal(x, "x", true));
  // One more on both sides: a line also goes through between two values.
  const first = Math.max(0, index(left) - 1);
  const last = Math.min(times.length - 1, index(right) + 1);
  return lines.some((values) => {
    let before: number | null = null;
    for (let at = first; at <= last; at++) {
      const value = values[at];
      const y = value === null || value === undefined ? null : chart.valToPos(value, "y", true);
      if (y !== null && Math.max(y, before ?? y) > top && Math.min(y, before ?? y) < bottom) return true;
      before = y;
    }
    return false;
  });
}

function wholeSeconds(from: number, to: number): [number, number] {
  const startMs = Math.round(from) * 1000;
  return [startMs, Math.max(Math.round(to) * 1000, startMs + 1000)];
}
