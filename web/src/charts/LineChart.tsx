import { useState } from "react";
import type uPlot from "uplot";
import type { GraphData } from "../lib/graph";
import { formatClock, formatDay, zoneMark } from "../lib/time";
import { formatUnit } from "../lib/units";
import { cx } from "../ui/cx";
import { lineColumns, lineOptions } from "./lineOptions";
import { Swatch } from "./Swatch";
import { usePlot } from "./usePlot";

/** Measures over time, with thresholds; dragging zooms, all charts of the page share the cursor. */
export default function LineChart({
  data,
  height,
  label,
  onZoom,
}: {
  data: GraphData;
  height: number;
  /** What the chart shows, in words, for those who cannot see it. */
  label: string;
  onZoom: (startMs: number, endMs: number) => void;
}) {
  const [cursor, setCursor] = useState<{ index: number; x: number; width: number } | null>(null);
  const [hovered, setHovered] = useState(false);
  const tokens = data.lines.map(({ token }) => token);
  const box = usePlot({
    data,
    kind: `${data.unit} ${tokens.join(" ")}`,
    height,
    columns: lineColumns,
    options: (width, handlers) => lineOptions(tokens, width, height, handlers),
    onCursor: (plot) => setCursor(cursorAt(plot)),
    onZoom,
  });

  return (
    <figure
      aria-label={label}
      className="relative"
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      <div ref={box} aria-hidden style={{ height }} />
      {cursor && hovered && <Values data={data} {...cursor} />}
    </figure>
  );
}

function cursorAt(plot: uPlot) {
  const { idx, left } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return null;
  return { index: idx, x: left + plot.over.offsetLeft, width: plot.width };
}

/** The values at the cursor. */
function Values({ data, index, x, width }: { data: GraphData; index: number; x: number; width: number }) {
  const ms = data.startMs + index * data.stepMs;
  const named = data.lines.filter(({ token }) => token !== "series-other");
  return (
    <div
      className={cx(
        "pointer-events-none absolute top-1 z-20 max-w-[80%] rounded-md border border-line bg-panel px-3 py-2",
        "text-meta shadow-overlay",
      )}
      style={x > width / 2 ? { right: width - x + 12 } : { left: x + 12 }}
    >
      <p className="font-semibold">
        {formatDay(ms).slice(5)} {formatClock(ms)}
        {zoneMark()}
      </p>
      {named.map(({ label, token, values }) => (
        <p key={label} className="flex items-center gap-2">
          <Swatch token={token} />
          <span className="truncate">{label}</span>
          <span className="ml-auto pl-3 whitespace-nowrap">{valueText(values[index], data)}</span>
        </p>
      ))}
      {named.length < data.lines.length && (
        <p className="text-muted">{data.lines.length - named.length} more in grey</p>
      )}
    </div>
  );
}

function valueText(value: number | null | undefined, { unit }: GraphData): string {
  return value === null || value === undefined ? "no data" : formatUnit(value, unit);
}
