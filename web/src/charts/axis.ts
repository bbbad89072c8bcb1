import { formatClock, formatDay, formatMinute } from "../lib/time";

const DAY_S = 86_400;

/** Labels of a time axis in local 24 h time; the day stands where it changes. Times in unix seconds. */
export function timeLabels(splits: readonly number[], incrementS: number): string[] {
  let day = "";
  return splits.map((seconds, index) => {
    const ms = seconds * 1000;
    const nextDay = formatDay(ms).slice(5);
    const isNew = nextDay !== day;
    day = nextDay;
    if (incrementS >= DAY_S) return nextDay;
    if (isNew && index > 0) return nextDay;
    return incrementS < 60 ? formatClock(ms) : formatMinute(ms);
  });
}
