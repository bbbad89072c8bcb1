import type uPlot from "uplot";
import type { AlertSeriesResponse } from "../../api/types";
import { timeLabels } from "../../charts/axis";
import { tokenColour } from "../../charts/colours";
import { formatShort } from "../../lib/format";

const FONT = "11px system-ui, sans-serif";
const GUTTER = 52;

/** Colour of a series by its place. */
export function graphToken(at: number): string {
  return `series-${at + 1}`;
}

/** A series by its labels, "value" without any. */
export function seriesName(labels: Readonly<Record<string, string>>): string {
  const names = Object.entries(labels).filter(([name]) => name !== "__name__");
  return names.map(([name, value]) => `${name}=${value}`).join(" ") || labels.__name__ || "value";
}

/** A value for people; "no data" where there is none. */
export function valueText(value: number | null): string {
  if (value === null) return "no data";
  if (value !== 0 && Math.abs(value) < 10) return String(Number(value.toPrecision(3)));
  return formatShort(value);
}

/** uPlot's columns: times in unix seconds, then the values of each series. */
export function graphColumns({ start, step_ms, series }: AlertSeriesResponse): uPlot.AlignedData {
  const first = Date.parse(start);
  const times = (series[0]?.values ?? []).map((_, index) => (first + index * step_ms) / 1000);
  return [times, ...series.map(({ values }) => values)];
}

/** Options of the graph. `band` is the time of the episode. */
export function graphOptions(
  graph: AlertSeriesResponse,
  band: { startMs: number; endMs: number },
  width: number,
  height: number,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const muted = tokenColour("muted");
  const axis = {
    stroke: muted,
    font: FONT,
    ticks: { show: false },
    grid: { stroke: tokenColour("line"), width: 1 },
  };
  return {
    width,
    height,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: () => [Date.parse(graph.start) / 1000, Date.parse(graph.end) / 1000] },
      y: { range: (_plot, min, max) => yRange(min, max, graph.threshold) },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        space: 64,
        grid: { show: false },
        values: (_plot, splits, _axis, _space, increment) => timeLabels(splits, increment),
      },
      { ...axis, size: GUTTER, gap: 6, values: (_plot, splits) => splits.map(valueText) },
    ],
    series: [
      {},
      ...graph.series.map((_, at) => ({
        stroke: tokenColour(graphToken(at)),
        width: 1.5,
        points: { size: 4 },
      })),
    ],
    hooks: {
      drawAxes: [(plot) => drawBand(plot, band, tokenColour("level-error"))],
      draw: [(plot) => drawThreshold(plot, graph, tokenColour("level-error"))],
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
    },
  };
}

/** The values and the threshold with some room; from zero where nothing is below it. */
export function yRange(min: number | null, max: number | null, threshold: number | null): [number, number] {
  const known = [min, max, threshold].filter((value) => value !== null);
  if (known.length === 0) return [0, 1];
  const low = Math.min(0, ...known);
  const high = Math.max(...known, low);
  const room = (high - low) * 0.1 || 1;
  return [low < 0 ? low - room : 0, high + room];
}

function drawBand(plot: uPlot, { startMs, endMs }: { startMs: number; endMs: number }, colour: string): void {
  const { ctx, bbox } = plot;
  const from = Math.max(bbox.left, plot.valToPos(startMs / 1000, "x", true));
  const to = Math.min(bbox.left + bbox.width, plot.valToPos(endMs / 1000, "x", true));
  ctx.save();
  ctx.globalAlpha = 0.08;
  ctx.fillStyle = colour;
  ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height);
  ctx.restore();
}

function drawThreshold(plot: uPlot, { threshold, op }: AlertSeriesResponse, colour: string): void {
  if (threshold === null) return;
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const y = plot.valToPos(threshold, "y", true);
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = ratio;
  ctx.setLineDash([5 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = FONT.replace(/^(\d+)px/, (_, size) => `${Number(size) * ratio}px`);
  ctx.textAlign = "left";
  ctx.textBaseline = y - bbox.top > 16 * ratio ? "bottom" : "top";
  ctx.fillText(`${op} ${valueText(threshold)}`, bbox.left + 4 * ratio, y);
  ctx.restore();
}
