import { LINES, STORY } from "../app/routes";
import type { Zone } from "../lib/time";
import { rangeBounds, type TimeRange, type View } from "./view";

interface Bounds {
  startMs: number;
  endMs: number;
}

/** What somebody sees and may show to others. */
export interface Shown {
  path: string;
  view: View;
  /** The page's range as it is now. */
  bounds: Bounds;
  zone: Zone;
  /** The number of the issue that is shown, and its event; empty for none. */
  issue: string;
  event: string;
}

const DAY_MS = 86_400_000;

/** The range of a request's story: at least a day for one that ends now, for links often have the id alone. */
export function storyBounds(range: TimeRange, { startMs, endMs }: Bounds): Bounds {
  const least = range.kind === "relative" ? endMs - DAY_MS : startMs;
  return { startMs: Math.min(startMs, least), endMs };
}

/** The view that shows the same whenever the link is followed: a closed range, the event or line that is open, the zone. */
export function fixedView(shown: Shown, now: number): View {
  const { view, event, zone } = shown;
  const { startMs, endMs } = seenBounds(shown, now);
  return {
    ...view,
    tail: false,
    range: { kind: "absolute", startMs, endMs },
    line: view.line || event,
    zone: zone === "utc" ? "utc" : null,
  };
}

/** The view that is always of the newest; a line that is open now would soon be out of its range. */
export function movingView({ path, view, zone }: Shown): View {
  return { ...view, line: path === LINES.path ? "" : view.line, zone: zone === "utc" ? "utc" : null };
}

/** The range of what is on the screen: a live tail goes on past the page's range. */
export function seenBounds({ path, view, bounds }: Shown, now: number): Bounds {
  if (view.tail) return rangeBounds(view.range, now);
  return path === STORY ? storyBounds(view.range, bounds) : bounds;
}
