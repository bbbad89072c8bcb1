import type { GraphData } from "../lib/graph";
import { formatUnit } from "../lib/units";
import { Swatch } from "./Swatch";

/** Names of a graph's lines with their last values. */
export function LineLegend({ data }: { data: GraphData }) {
  return (
    <ul className="flex flex-wrap gap-x-4 text-meta text-muted">
      {data.lines.map(({ label, token, values }) => (
        <li key={label} className="flex max-w-full items-center gap-1.5">
          <Swatch token={token} />
          <span className="truncate">{label}</span>
          <span className="whitespace-nowrap text-text">{lastValue(values, data)}</span>
        </li>
      ))}
      {data.more > 0 && <li>{data.more} more are not drawn</li>}
    </ul>
  );
}

/** The last value of a line, in words. */
export function lastValue(values: GraphData["lines"][number]["values"], { unit }: GraphData): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? "no data" : formatUnit(last, unit);
}
