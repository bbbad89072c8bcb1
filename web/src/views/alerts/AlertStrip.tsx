import { Link } from "wouter";
import { useAlertTimeline } from "../../api/alerts";
import { ALERTS } from "../../app/routes";
import { alertBands, place } from "../../lib/alerts";
import { formatMinute, zoneMark } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { linkTo, useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { levelBackground } from "../../ui/LevelTag";

/**
 * When alerts fired, as bands below a chart of bars with the same axis. Its height is there from the start, so
 * that nothing moves when they come.
 */
export function AlertStrip({ axis }: { axis: { startMs: number; endMs: number } }) {
  const { view } = useView();
  const { data } = useAlertTimeline(view, useAnchor());
  const bands = data ? alertBands(data, axis) : [];
  return (
    // The chart's plot begins and ends that far from its edges.
    <div className="relative h-4 pr-5 pl-11">
      {bands.length > 0 && <span className="absolute left-0 text-meta text-muted">alerts</span>}
      <div className="relative h-full">
        {bands.map((band) => {
          const at = place(band.startMs, band.endMs, axis);
          if (!at) return null;
          const words = `${formatMinute(band.startMs)} – ${formatMinute(band.endMs)}${zoneMark()}: ${band.names.join(", ")}`;
          return (
            <Link
              key={`${band.level} ${band.startMs}`}
              href={linkTo(ALERTS.path, view)}
              title={words}
              aria-label={`Alerts ${words}`}
              style={{ left: `min(${at.left}%, 100% - 3px)`, width: `${at.width}%` }}
              className={cx("absolute top-1 h-2 min-w-[3px] rounded-sm", levelBackground(band.level))}
            />
          );
        })}
      </div>
    </div>
  );
}
