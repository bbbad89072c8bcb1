import type uPlot from "uplot";
import { axisTop, type GraphData } from "../lib/graph";
import { formatUnit } from "../lib/units";
import { axisDate, timeLabels } from "./axis";
import { tokenColour } from "./colours";
import { drawGaps, scaleFont } from "./hatch";
import { type Place, placeLabels } from "./labels";
import { FONT, isCrosshair } from "./options";
import { drawTicks } from "./ticks";

export interface LineHandlers {
  data: () => GraphData;
  onCursor: (chart: uPlot) => void;
  onZoom: (startMs: number, endMs: number) => void;
}

const GUTTER = 58;

/** Options of a chart of measures over time, with dashed thresholds. */
export function lineOptions(
  tokens: readonly string[],
  width: number,
  height: number,
  handlers: LineHandlers,
): uPlot.Options {
  const muted = tokenColour("muted");
  const panel = tokenColour("panel");
  const limits = { warning: tokenColour("level-warn"), critical: tokenColour("level-error") };
  const axis = { stroke: muted, font: FONT, ticks: { show: false } };
  return {
    width,
    height,
    tzDate: axisDate,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 5 },
      sync: { key: "page", filters: { pub: isCrosshair, sub: isCrosshair } },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { time: true, range: () => xRange(handlers.data()) },
      y: { range: (_chart, min) => [Math.min(0, min ?? 0), axisTop(handlers.data())] },
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
        space: 30,
        grid: { stroke: tokenColour("line"), width: 1 },
        values: (_chart, splits) => splits.map((value) => formatUnit(value, handlers.data().unit)),
      },
    ],
    series: [{}, ...tokens.map(lineSeries)],
    hooks: {
      drawAxes: [
        (chart) => drawBands(chart, handlers.data(), limits.critical),
        (chart) =>
          drawGaps(chart, gapSpans(handlers.data()), {
            label: "no data",
            ink: muted,
            ground: panel,
            font: FONT,
          }),
        // Before the lines: a label must not hide a value.
        (chart) => drawThresholds(chart, handlers.data(), limits, panel),
      ],
      draw: [(chart) => drawTicks(chart, handlers.data().ticks, { ink: muted, ground: panel, font: FONT })],
      setCursor: [handlers.onCursor],
      setSelect: [(chart) => zoom(chart, handlers)],
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
  const places = placeLabels(labels, { left: bbox.left, right: bbox.left + bbox.width }, height);
  labels.forEach(({ verdict, label, width }, index) => {
    const { right, y } = places[index] as Place;
    ctx.fillStyle = ground;
    ctx.fillRect(right - width, y - height / 2, width, height);
    ctx.fillStyle = colours[verdict];
    ctx.fillText(label, right - pad, y);
  });
  ctx.restore();
}

function zoom(chart: uPlot, { onZoom }: LineHandlers): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  const at = (pixel: number) => Math.round(chart.posToVal(pixel, "x")) * 1000;
  const [startMs, endMs] = [at(left), at(left + width)];
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom(startMs, Math.max(endMs, startMs + 1000));
}
