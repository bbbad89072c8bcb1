import type uPlot from "uplot";
import type { Tick } from "../lib/graph";
import { type Look, scaleFont } from "./hatch";

const LABEL_MAX = 24;
const PADDING = 4;

/** Draws thin vertical ticks with their labels at the top; labels that would lie on another are left out. */
export function drawTicks(chart: uPlot, ticks: readonly Tick[], { ink, ground, font }: Look): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  const right = bbox.left + bbox.width;
  let free = bbox.left;
  ctx.save();
  ctx.font = scaleFont(font, ratio);
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  for (const { ms, label } of [...ticks].sort((a, b) => a.ms - b.ms)) {
    const x = Math.round(chart.valToPos(ms / 1000, "x", true));
    if (x < bbox.left || x > right) continue;
    ctx.fillStyle = ink;
    ctx.fillRect(x, bbox.top, ratio, bbox.height);
    const text = shortLabel(label);
    const width = ctx.measureText(text).width + 2 * PADDING * ratio;
    const left = x + ratio + width > right ? x - width : x + ratio;
    if (left < free) continue;
    ctx.fillStyle = ground;
    ctx.fillRect(left, bbox.top, width, 15 * ratio);
    ctx.fillStyle = ink;
    ctx.fillText(text, left + PADDING * ratio, bbox.top + ratio);
    free = left + width;
  }
  ctx.restore();
}

/** What tells a version from others: of an image its name and tag, without the registry. */
function shortLabel(label: string): string {
  const name = label.slice(label.lastIndexOf("/") + 1);
  return name.length > LABEL_MAX ? `${name.slice(0, LABEL_MAX - 1)}…` : name;
}
