import { ChevronDown, Clock } from "lucide-react";
import {
  describeDuration,
  formatClock,
  formatDay,
  formatExact,
  formatMinute,
  formatSecond,
  zoneMark,
} from "../lib/time";
import { useView } from "../state/useView";
import type { TimeRange } from "../state/view";
import { Button } from "../ui/Button";
import { lazily } from "../ui/lazily";
import { Later } from "./Later";

const RangeMenu = lazily(() => import("./RangeMenu"));

const SHORT_MS = 10 * 60_000;

/** Shows the range of time of every panel, and chooses it. */
export function RangePicker() {
  const { view } = useView();
  const trigger = (
    <Button look="plain" className="max-w-44 shrink-0 sm:max-w-none" title={exactTitle(view.range)}>
      <Clock size={14} className="hidden shrink-0 text-muted sm:block" aria-hidden />
      <span className="truncate">
        {rangeName(view.range)}
        {zoneMark()}
      </span>
      <ChevronDown size={14} className="shrink-0 text-muted" aria-hidden />
    </Button>
  );
  return (
    <Later meanwhile={trigger}>
      <RangeMenu trigger={trigger} />
    </Later>
  );
}

function rangeName(range: TimeRange): string {
  if (range.kind === "relative") return `Last ${describeDuration(range.spanMs)}`;
  const { startMs, endMs } = range;
  const sameDay = formatDay(startMs) === formatDay(endMs);
  if (sameDay && endMs - startMs < SHORT_MS) {
    return `${shortDay(startMs)} ${formatClock(startMs)} – ${formatClock(endMs)}`;
  }
  const end = sameDay ? formatMinute(endMs) : `${shortDay(endMs)} ${formatMinute(endMs)}`;
  return `${shortDay(startMs)} ${formatMinute(startMs)} – ${end}`;
}

/** "06-30" of this year, "2025-06-30" of others. */
function shortDay(ms: number): string {
  const day = formatDay(ms);
  return day.slice(0, 5) === formatDay(Date.now()).slice(0, 5) ? day.slice(5) : day;
}

function exactTitle(range: TimeRange): string | undefined {
  return range.kind === "absolute"
    ? `${formatSecond(range.startMs)} – ${formatExact(range.endMs)}`
    : undefined;
}
