import type uPlot from "uplot";
import { axisDate, timeLabels } from "./axis";
import { tokenColour } from "./colours";

export const FONT = "11px system-ui, sans-serif";

/** What all charts over time have in common. All of the page share the crosshair; a drag is one chart's own. */
export function frame(width: number, height: number, points: uPlot.Cursor.Points) {
  return {
    width,
    height,
    tzDate: axisDate,
    legend: { show: false },
    cursor: {
      y: false,
      points,
      sync: { key: "page", filters: { pub: isCrosshair, sub: isCrosshair } },
      drag: { x: true, y: false, setScale: false },
    },
  } satisfies Partial<uPlot.Options>;
}

function isCrosshair(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

/** The axis of time, and that of values. */
export function axes(values: uPlot.Axis): uPlot.Axis[] {
  const look = { stroke: tokenColour("muted"), font: FONT, ticks: { show: false } };
  return [
    {
      ...look,
      size: 22,
      gap: 4,
      space: 64,
      grid: { show: false },
      values: (_chart, splits, _axis, _space, increment) => timeLabels(splits, increment),
    },
    { ...look, gap: 6, grid: { stroke: tokenColour("line"), width: 1 }, ...values },
  ];
}

/** Hands on the times that were dragged over, which toTimes makes of seconds, and ends the selection. */
export function zoom(
  chart: uPlot,
  toTimes: (from: number, to: number) => [startMs: number, endMs: number],
  onZoom: (startMs: number, endMs: number) => void,
): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  const [startMs, endMs] = toTimes(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom(startMs, endMs);
}
