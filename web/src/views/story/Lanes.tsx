import type { Entry, Story } from "../../api/types";
import { toLevel } from "../../lib/levels";
import { preview } from "../../lib/message";
import {
  type Axis,
  axisOf,
  gapWords,
  type Lane,
  lanesOf,
  offsetWords,
  placeOf,
  ticksOf,
} from "../../lib/story";
import { cx } from "../../ui/cx";
import { levelBackground } from "../../ui/LevelTag";
import { Panel } from "../../ui/Panel";
import { lineAnchor } from "./StoryLines";

const GRID = "grid grid-cols-[7rem_1fr] gap-x-3 px-4 md:grid-cols-[13rem_1fr]";

/** Who spoke when: a row for each service, its lines as points from the first line to the last. */
export function Lanes({ story }: { story: Story }) {
  const axis = axisOf(story);
  return (
    <Panel title="Who spoke when" note="a point for each line; a click leads to it">
      <ul className="mt-1">
        {lanesOf(story).map((lane) => (
          <LaneRow key={`${lane.name} ${lane.env} ${lane.own}`} lane={lane} axis={axis} />
        ))}
      </ul>
      <div aria-hidden className={cx(GRID, "border-t border-line pb-1")}>
        <span />
        <div className="relative mr-6 h-6 text-meta text-muted">
          {ticksOf(axis).map((ms) => (
            <span
              key={ms}
              className="absolute top-1 -translate-x-1/2 whitespace-nowrap"
              style={{ left: `${(ms * 1e8) / Number(axis.span)}%` }}
            >
              {ms === 0 ? "0" : gapWords(ms)}
            </span>
          ))}
        </div>
      </div>
    </Panel>
  );
}

function LaneRow({ lane, axis }: { lane: Lane; axis: Axis }) {
  const placed = lane.entries.flatMap((entry) => {
    const left = placeOf(entry.ts, axis);
    return left === null ? [] : [{ entry, left }];
  });
  const outside = lane.entries.length - placed.length;
  return (
    <li data-lane={lane.name} className={cx(GRID, "min-h-8 items-center border-t border-line py-1")}>
      <p className="min-w-0 leading-4">
        <span className={cx("block truncate", !lane.own && "text-muted")}>{lane.name}</span>
        <span className="block truncate text-meta text-muted">
          {[lane.own ? "" : "nearby", lane.env, outside > 0 && `${outside} outside`]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </p>
      <div className="relative mr-6 h-6 pointer-coarse:h-10">
        <span aria-hidden className="absolute inset-x-0 top-1/2 h-px bg-line" />
        {placed.map(({ entry, left }) => (
          <Dot key={entry.id} entry={entry} left={left} own={lane.own} from={axis.start.toString()} />
        ))}
      </div>
    </li>
  );
}

interface DotProps {
  entry: Entry;
  left: number;
  own: boolean;
  from: string;
}

function Dot({ entry, left, own, from }: DotProps) {
  const level = toLevel(entry.labels.level);
  const words = `${offsetWords(entry.ts, from)} ${level === "unknown" ? "" : `${level} `}${preview(entry.line).text.slice(0, 200)}`;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={words}
      title={words}
      onClick={() => document.getElementById(lineAnchor(entry.id))?.focus()}
      style={{ left: `${left}%` }}
      className="absolute inset-y-0 grid w-3 -translate-x-1/2 place-items-center hover:z-10 pointer-coarse:w-6"
    >
      <span
        className={cx(
          "block rounded-full",
          own ? cx("size-2.5", levelBackground(level)) : "size-2 border border-muted bg-panel",
        )}
      />
    </button>
  );
}
