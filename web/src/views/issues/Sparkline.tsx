import { plural } from "../../lib/format";

const HEIGHT = 24;
const STEP = 4;

/** Counts over time as small bars; what they say together is its title. */
export function Sparkline({ series, stepMs }: { series: readonly number[]; stepMs: number }) {
  const most = Math.max(1, ...series);
  const hours = Math.round((series.length * stepMs) / 3_600_000);
  const total = series.reduce((sum, count) => sum + count, 0);
  return (
    <svg
      role="img"
      aria-label={`${plural(total, "event")} in ${plural(hours, "hour")}, at most ${most} in ${plural(Math.round(stepMs / 3_600_000), "hour")}`}
      viewBox={`0 0 ${Math.max(1, series.length) * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="h-6 w-full"
    >
      <path
        d={`M0 ${HEIGHT - 0.5}H${series.length * STEP}`}
        className="stroke-line"
        vectorEffect="non-scaling-stroke"
      />
      <path d={series.map((count, index) => bar(count / most, index)).join("")} className="fill-error/80" />
    </svg>
  );
}

function bar(share: number, index: number): string {
  if (share === 0) return "";
  const height = Math.max(2, share * HEIGHT);
  return `M${index * STEP} ${HEIGHT}v${-height}h${STEP - 1}v${height}z`;
}
