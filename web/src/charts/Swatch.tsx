import { cx } from "../ui/cx";

/** The class that fills something with the colour of a token. */
export const FILLS: Readonly<Record<string, string>> = {
  "level-critical": "bg-critical",
  "level-error": "bg-error",
  "level-warn": "bg-warn",
  "level-info": "bg-info",
  "level-trace": "bg-trace",
  "series-1": "bg-series-1",
  "series-2": "bg-series-2",
  "series-3": "bg-series-3",
  "series-4": "bg-series-4",
  "series-5": "bg-series-5",
  "series-other": "bg-series-other",
};

/** The small square that ties a name to its colour in a chart. */
export function Swatch({ token }: { token: string }) {
  return <span aria-hidden className={cx("inline-block size-2 shrink-0 rounded-[2px]", FILLS[token])} />;
}
