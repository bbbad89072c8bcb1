import { formatCount, plural } from "../lib/format";
import { formatClock, formatDay, formatMinute, zoneMark } from "../lib/time";
import type { ChartData } from "../lib/volume";
import { cx } from "../ui/cx";
import { Swatch } from "./Swatch";

/** The numbers of one bucket beside the cursor. */
export function Tooltip({
  data,
  index,
  x,
  width,
  pinned,
  covered,
}: {
  data: ChartData;
  index: number;
  x: number;
  width: number;
  pinned: boolean;
  covered: boolean | undefined;
}) {
  const start = data.starts[index] ?? 0;
  const total = data.totals[index] ?? 0;
  const rows = data.series.filter(({ counts }) => (counts[index] ?? 0) > 0).reverse();
  const toLeft = x > width / 2;
  return (
    <div
      className={cx(
        "pointer-events-none absolute top-1 z-20 min-w-40 rounded-md border bg-panel px-3 py-2 text-meta shadow-overlay",
        pinned ? "border-accent" : "border-line",
      )}
      style={toLeft ? { right: width - x + 12 } : { left: x + 12 }}
    >
      <p className="font-semibold">{bucketName(start, data.stepMs)}</p>
      {total === 0 && (
        <p className="text-muted">
          {covered === false ? "No lines arrived" : plural(0, data.unit ?? "line")}
        </p>
      )}
      {rows.map((series) => (
        <p key={series.label} className="flex items-center gap-2">
          <Swatch token={series.token} />
          <span className="truncate">{series.label || "no service"}</span>
          <span className="ml-auto pl-3">{formatCount(series.counts[index] ?? 0)}</span>
        </p>
      ))}
      {rows.length > 1 && (
        <p className="mt-1 flex justify-between border-t border-line pt-1">
          <span className="text-muted">Together</span>
          {formatCount(total)}
        </p>
      )}
    </div>
  );
}

function bucketName(startMs: number, stepMs: number): string {
  const clock = stepMs < 60_000 ? formatClock : formatMinute;
  const end = startMs + stepMs;
  if (stepMs >= 86_400_000) return formatDay(startMs) + zoneMark();
  return `${formatDay(startMs).slice(5)} ${clock(startMs)} – ${clock(end)}${zoneMark()}`;
}
