export interface RangeFunction {
  name: string;
  /** What it gives. */
  words: string;
  /** Whether it is of the values of a field, which `unwrap` names, and not of lines. */
  unwraps: boolean;
  /** What stands before the lines, with its comma. */
  argument: string;
}

/** Functions of LogQL over a window of lines. */
export const RANGE_FUNCTIONS: readonly RangeFunction[] = [
  ofLines("rate", "lines per second"),
  ofLines("count_over_time", "lines in each window"),
  ofLines("bytes_rate", "bytes per second"),
  ofLines("bytes_over_time", "bytes in each window"),
  ofLines("absent_over_time", "1 where there are no lines"),
  ofField("sum_over_time", "sum of a field"),
  ofField("avg_over_time", "mean of a field"),
  ofField("min_over_time", "lowest value of a field"),
  ofField("max_over_time", "highest value of a field"),
  { ...ofField("quantile_over_time", "quantile of a field"), argument: "0.95, " },
];

function ofLines(name: string, words: string): RangeFunction {
  return { name, words, unwraps: false, argument: "" };
}

function ofField(name: string, words: string): RangeFunction {
  return { name, words, unwraps: true, argument: "" };
}

/** Functions of LogQL that make fewer series of many. */
export const AGGREGATIONS: readonly { name: string; words: string; argument: string }[] = [
  { name: "sum", words: "sum of the series", argument: "" },
  { name: "avg", words: "mean of the series", argument: "" },
  { name: "min", words: "lowest of the series", argument: "" },
  { name: "max", words: "highest of the series", argument: "" },
  { name: "count", words: "how many series", argument: "" },
  { name: "topk", words: "the k highest series", argument: "5, " },
  { name: "bottomk", words: "the k lowest series", argument: "5, " },
];

const MINUTE_MS = 60_000;
const WINDOWS = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * MINUTE_MS);
const WINDOWS_IN_RANGE = 60;

/** The width of a window that fits a range: not so short that lines are between two points, and not longer than needed. */
export function windowFor(spanMs: number): number {
  return WINDOWS.find((width) => width * WINDOWS_IN_RANGE >= spanMs) ?? 7 * 1440 * MINUTE_MS;
}
