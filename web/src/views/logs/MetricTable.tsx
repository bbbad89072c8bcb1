import { Swatch } from "../../charts/Swatch";
import type { MetricSeries } from "../../lib/metric";
import { formatUnit, type Unit } from "../../lib/units";
import { cx } from "../../ui/cx";

const COLUMNS = [
  { key: "last", name: "Last" },
  { key: "min", name: "Min" },
  { key: "max", name: "Max" },
  { key: "mean", name: "Mean" },
] as const;

interface MetricTableProps {
  series: readonly MetricSeries[];
  unit: Unit;
  /** The name of the series that is drawn alone; empty for none. */
  alone: string;
  onChoose: (name: string) => void;
}

/** The series of a metric query with what their values come to; it is the legend of the chart too. */
export function MetricTable({ series, unit, alone, onChoose }: MetricTableProps) {
  return (
    <table className="mt-3 w-full text-meta">
      <thead className="text-left text-muted">
        <tr>
          <th scope="col" className="py-1 pl-2 font-normal">
            Series
          </th>
          {COLUMNS.map(({ key, name }) => (
            <th key={key} scope="col" className="w-20 py-1 pr-2 text-right font-normal max-sm:w-12">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {series.map((one) => (
          <tr
            key={one.name}
            data-series={one.name}
            className={cx("border-t border-line", alone !== "" && alone !== one.name && "opacity-60")}
          >
            <th scope="row" className="p-0 text-left font-normal">
              <button
                type="button"
                aria-pressed={alone === one.name}
                title={alone === one.name ? "Draw all series" : "Draw this series alone"}
                onClick={() => onChoose(one.name)}
                className="flex w-full items-center gap-2 rounded-sm px-2 py-1 text-left hover:bg-hover pointer-coarse:min-h-10"
              >
                <Swatch token={one.token} />
                <span className="font-mono text-code wrap-anywhere" dir="auto">
                  {one.name}
                </span>
              </button>
            </th>
            {COLUMNS.map(({ key }) => (
              <td key={key} className="py-1 pr-2 text-right tabular-nums">
                <Value value={one[key]} unit={unit} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Value({ value, unit }: { value: number | null; unit: Unit }) {
  if (value !== null) return formatUnit(value, unit);
  return (
    <span className="text-muted" title="No value: there were no lines in the window">
      none
    </span>
  );
}
