import type uPlot from "uplot";
import type { Live } from "./options";

const LABEL = "no lines";

/** Colours and font of what is drawn over a chart. */
export interface Look {
  ink: string;
  /** Colour of the surface below, behind the label. */
  ground: string;
  font: string;
}

/** Hatches and labels the times without any data: they are neither zero nor blank. */
export function drawGaps(chart: uPlot, { data, gaps }: Live, { ink, ground, font }: Look): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.lineWidth = ratio;
  for (const [first, last] of gaps) {
    const from = chart.valToPos((data.starts[first] ?? 0) / 1000, "x", true);
    const to = chart.valToPos(((data.starts[last] ?? 0) + data.stepMs) / 1000, "x", true);
    drawHatch(ctx, from, bbox.top, to - from, bbox.height, ratio);
    drawLabel(ctx, from, to, bbox.top + bbox.height / 2, { ink, ground, font: scaleFont(font, ratio) });
  }
  ctx.restore();
}

function drawHatch(
  ctx: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  ratio: number,
) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.globalAlpha = 0.22;
  ctx.beginPath();
  for (let offset = -height; offset < width; offset += 7 * ratio) {
    ctx.moveTo(x + offset, y + height);
    ctx.lineTo(x + offset + height, y);
  }
  ctx.stroke();
  ctx.restore();
}

function drawLabel(ctx: CanvasRenderingContext2D, from: number, to: number, y: number, look: Look) {
  ctx.font = look.font;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const width = ctx.measureText(LABEL).width;
  const height = width / 3;
  if (width * 1.3 > to - from) return;
  ctx.fillStyle = look.ground;
  ctx.fillRect((from + to - width * 1.15) / 2, y - height / 2, width * 1.15, height);
  ctx.fillStyle = look.ink;
  ctx.fillText(LABEL, (from + to) / 2, y);
}

/** The font at the ratio of the screen. */
export function scaleFont(font: string, ratio: number): string {
  return font.replace(/^(\d+)px/, (_, size) => `${Number(size) * ratio}px`);
}
