import { fakeLocal, formatClock, formatDay, formatMinute, zoneMark } from "../lib/time";

const DAY_S = 86_400;

/**
 * Labels of a time axis in 24 h time; the day stands where it changes, and another zone than the local one at the
 * first. Times in unix seconds.
 */
export function timeLabels(splits: readonly number[], incrementS: number): string[] {
  let day = "";
  return splits.map((seconds, index) => {
    const ms = seconds * 1000;
    const nextDay = formatDay(ms).slice(5);
    const isNew = nextDay !== day;
    day = nextDay;
    const mark = index === 0 ? zoneMark() : "";
    if (incrementS >= DAY_S || (isNew && index > 0)) return nextDay + mark;
    return (incrementS < 60 ? formatClock(ms) : formatMinute(ms)) + mark;
  });
}

/** A date whose local fields are what the zone's clock shows: uPlot reads these to find full hours and days. */
export function axisDate(seconds: number): Date {
  return fakeLocal(seconds * 1000);
}
