import { useLinesAhead } from "../views/logs/useListedLines";

/** Stands where the logs are about to be shown. */
export function LinesAhead() {
  useLinesAhead();
  return null;
}
