import { formatShort } from "../lib/format";
import type { ChartSeries } from "../lib/volume";
import type { Mode } from "../state/filters";
import { Swatch } from "./Swatch";

/** Names of a chart's colours with their totals; each is a filter. */
export function Legend({
  series,
  onFilter,
}: {
  series: readonly ChartSeries[];
  onFilter: (values: readonly string[], mode: Mode) => void;
}) {
  return (
    <ul className="flex flex-wrap gap-x-1 lg:flex-col">
      {[...series].reverse().map((one) => (
        <li key={one.label} className="min-w-0">
          <button
            type="button"
            disabled={one.values.length === 0}
            onClick={(event) => onFilter(one.values, event.altKey ? "exclude" : "include")}
            title={
              one.values.length > 0
                ? `Show only ${one.label}; Alt-click leaves it out`
                : "All others together"
            }
            className="flex w-full items-center gap-2 rounded-sm px-2 text-meta leading-5 enabled:hover:bg-hover pointer-coarse:min-h-10"
          >
            <Swatch token={one.token} />
            <span className="truncate">{one.label || "no service"}</span>
            <span className="ml-auto shrink-0 pl-2 text-muted">{formatShort(one.total)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
