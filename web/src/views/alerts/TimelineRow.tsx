import { Link } from "wouter";
import type { AlertEpisode, AlertTimelineResponse, AlertTimelineRow } from "../../api/types";
import { alertPath } from "../../app/routes";
import { axisTimes, episodeWords, place, severityLevel } from "../../lib/alerts";
import { formatCount } from "../../lib/format";
import { describeSpan, formatDay, formatMinute, zoneMark } from "../../lib/time";
import { linkTo, useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { levelBackground } from "../../ui/LevelTag";

/** How many bars a row draws; of more the newest. */
const BARS = 400;
const DAY_MS = 86_400_000;

interface Axis {
  startMs: number;
  endMs: number;
}

type Gaps = AlertTimelineResponse["gaps"];

const GRID = "grid gap-x-3 px-4 md:grid-cols-[17rem_1fr]";

/** The episodes of one name as bars; each leads to its own page. */
export function TimelineRow({ row, axis, gaps }: { row: AlertTimelineRow; axis: Axis; gaps: Gaps }) {
  const bars = row.episodes.slice(-BARS);
  return (
    <li data-timeline={row.name} className={cx(GRID, "items-center border-t border-line py-1")}>
      <div className="min-w-0">
        <p className="truncate" title={row.name} dir="auto">
          {row.name}
        </p>
        <p className="flex flex-wrap gap-x-2 text-meta text-muted">
          {row.flaps > 0 && <span className="font-semibold text-warn">flaps, {row.flaps}× in an hour</span>}
          <span>{formatCount(row.episodes.length)}×</span>
          {row.recovery_ms !== null && <span>over after {describeSpan(row.recovery_ms)}</span>}
          {row.episodes.length > bars.length && <span>the newest {BARS} are drawn</span>}
        </p>
      </div>
      <div className="relative h-7 pointer-coarse:h-11">
        <span aria-hidden className="absolute inset-x-0 top-1/2 h-px bg-line" />
        <GapMarks axis={axis} gaps={gaps} />
        {bars.map((episode) => (
          <Bar key={episode.id} episode={episode} name={row.name} axis={axis} />
        ))}
      </div>
    </li>
  );
}

function Bar({ episode, name, axis }: { episode: AlertEpisode; name: string; axis: Axis }) {
  const { view } = useView();
  const end = episode.end === null ? axis.endMs : Date.parse(episode.end);
  const at = place(Date.parse(episode.start), end, axis);
  if (!at) return null;
  const where = [episode.service, episode.env].filter(Boolean).join(" · ");
  const words = `${name}${where && ` (${where})`}: ${episodeWords(episode, axis.endMs)}`;
  return (
    <Link
      href={linkTo(alertPath(episode.id), view)}
      title={words}
      aria-label={words}
      data-episode={episode.end === null ? "firing" : "ended"}
      style={{ left: `min(${at.left}%, 100% - 4px)`, width: `${at.width}%` }}
      className={cx(
        "absolute inset-y-1 min-w-1 pointer-coarse:inset-y-0.5 rounded-sm opacity-80 hover:z-10 hover:opacity-100",
        levelBackground(severityLevel(episode.severity)),
        episode.end === null && "rounded-r-none",
        episode.inferred && "border-r-3 border-dotted border-panel",
      )}
    />
  );
}

function GapMarks({ axis, gaps }: { axis: Axis; gaps: Gaps }) {
  return gaps.map(({ start, end }) => {
    const at = place(Date.parse(start), Date.parse(end), axis);
    return (
      at && (
        <span
          key={start}
          aria-hidden
          className="hatched absolute inset-y-0"
          style={{ left: `${at.left}%`, width: `${at.width}%` }}
        />
      )
    );
  });
}

/** The time below the rows. */
export function TimelineAxis({ axis, gaps }: { axis: Axis; gaps: Gaps }) {
  const byDay = axis.endMs - axis.startMs > 2 * DAY_MS;
  return (
    <div aria-hidden className={cx(GRID, "border-t border-line pb-1")}>
      <span className="hidden md:block" />
      <div className="relative h-6 text-meta text-muted">
        <GapMarks axis={axis} gaps={gaps} />
        {axisTimes(axis, 6).map((ms, index) => (
          <span
            key={ms}
            className="absolute top-1 -translate-x-1/2 whitespace-nowrap"
            style={{ left: axisPlace(ms, axis) }}
          >
            {byDay || formatMinute(ms) === "00:00" ? formatDay(ms).slice(5) : formatMinute(ms)}
            {index === 0 && zoneMark()}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Where the label of a time stands; at the ends it is moved in by half its width, or it would be cut. */
function axisPlace(ms: number, { startMs, endMs }: Axis): string {
  const percent = ((ms - startMs) / (endMs - startMs)) * 100;
  return `clamp(1.125rem, ${percent}%, 100% - 1.125rem)`;
}
