import type uPlot from "uplot";

/** Colours and font of what is drawn over a chart. */
export interface Look {
  ink: string;
  /** Colour of the surface below, behind the label. */
  ground: string;
  font: string;
}

/** Hatches the times without any data, given in unix seconds, and labels what is missing: they are neither zero nor blank. */
export function drawGaps(
  chart: uPlot,
  gaps: readonly (readonly [number, number])[],
  look: Look & { label: string },
): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = look.ink;
  ctx.lineWidth = ratio;
  for (const [start, end] of gaps) {
    const from = chart.valToPos(start, "x", true);
    const to = chart.valToPos(end, "x", true);
    drawHatch(ctx, from, bbox.top, to - from, bbox.height, ratio);
    drawLabel(ctx, from, to, bbox.top + bbox.height / 2, { ...look, font: scaleFont(look.font, ratio) });
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

function drawLabel(
  ctx: CanvasRenderingContext2D,
  from: number,
  to: number,
  y: number,
  look: Look & { label: string },
) {
  ctx.font = look.font;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const width = ctx.measureText(look.label).width;
  const height = width / 3;
  if (width * 1.3 > to - from) return;
  ctx.fillStyle = look.ground;
  ctx.fillRect((from + to - width * 1.15) / 2, y - height / 2, width * 1.15, height);
  ctx.fillStyle = look.ink;
  ctx.fillText(look.label, (from + to) / 2, y);
}

/** The font at the ratio of the screen. */
export function scaleFont(font: string, ratio: number): string {
  return font.replace(/^(\d+)px/, (_, size) => `${Number(size) * ratio}px`);
}
