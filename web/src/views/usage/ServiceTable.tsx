import { ChevronRight } from "lucide-react";
import type { UsageAmount, UsageResponse, UsageService } from "../../api/types";
import { formatBytes } from "../../lib/format";
import { toLevel } from "../../lib/levels";
import {
  amountText,
  bytesText,
  elapsedDays,
  growthText,
  lineSize,
  linesText,
  serviceName,
  shareText,
} from "../../lib/usage";
import { onlyValues } from "../../state/filters";
import { useView } from "../../state/useView";
import type { UsageUnit } from "../../state/view";
import { cx } from "../../ui/cx";
import { LevelTag } from "../../ui/LevelTag";
import { Panel } from "../../ui/Panel";

const CELL = "px-3 py-2 text-right whitespace-nowrap";
const WIDE = "hidden md:table-cell";

/** Who logs how much; a chosen service shows its levels, and has its patterns below. */
export function ServiceTable({ data }: { data: UsageResponse }) {
  const { view } = useView();
  const services = [...data.services].sort((a, b) => b[view.unit] - a[view.unit]);
  const days = elapsedDays(data.days, Date.parse(data.counted_at ?? ""));
  return (
    <Panel title="By service" note={`${data.services.length}`}>
      <table className="w-full border-t border-line">
        <thead className="text-meta text-muted">
          <tr>
            <th scope="col" className="px-4 py-1.5 text-left font-normal">
              Service
            </th>
            <Head>Bytes</Head>
            <Head wide>Lines</Head>
            <Head>Share</Head>
            <Head>Growth</Head>
            <Head wide>Bytes a day</Head>
            <Head wide>Bytes a line</Head>
          </tr>
        </thead>
        {services.map((service) => (
          <Rows key={service.service} service={service} total={data.total} days={days} />
        ))}
      </table>
    </Panel>
  );
}

function Head({ wide = false, children }: { wide?: boolean; children: string }) {
  return (
    <th scope="col" className={cx(CELL, "py-1.5 font-normal", wide && WIDE)}>
      {children}
    </th>
  );
}

function Rows({ service, total, days }: { service: UsageService; total: UsageAmount; days: number }) {
  const { view, setView } = useView();
  const open = view.filters.service.include[0] === service.service;
  const toggle = () => setView(onlyValues(view, "service", open ? [] : [service.service]), { replace: true });
  const growth = growthText(service[view.unit], service.before?.[view.unit]);
  return (
    <tbody data-service={service.service} className={cx("border-t border-line", open && "bg-select")}>
      <tr className="hover:bg-hover">
        <th scope="row" className="max-w-0 px-2 py-1 text-left font-normal md:w-[30%]">
          {service.service === "" ? (
            <span className="block pl-7 text-muted">{serviceName("")}</span>
          ) : (
            <button
              type="button"
              aria-expanded={open}
              onClick={toggle}
              className="flex min-h-8 w-full items-center gap-1.5 rounded-sm px-1 text-left pointer-coarse:min-h-10"
            >
              <ChevronRight
                size={14}
                className={cx("shrink-0 text-muted", open && "rotate-90")}
                aria-hidden
              />
              <span className="min-w-0 truncate">{service.service}</span>
            </button>
          )}
        </th>
        <td className={CELL}>
          {bytesText(service)}
          <span className="block text-meta text-muted md:hidden">{amountText(service.lines, "lines")}</span>
        </td>
        <td className={cx(CELL, WIDE)}>{linesText(service.lines)}</td>
        <td className={CELL}>
          <Share part={service[view.unit]} of={total[view.unit]} />
        </td>
        <td className={cx(CELL, growth === "" && "text-muted")}>{growth || "—"}</td>
        <td className={cx(CELL, WIDE)}>{days > 0 ? formatBytes(Math.round(service.bytes / days)) : "—"}</td>
        <td className={cx(CELL, WIDE)}>{lineSize(service)}</td>
      </tr>
      {open && <Levels service={service} unit={view.unit} days={days} />}
    </tbody>
  );
}

function Levels({ service, unit, days }: { service: UsageService; unit: UsageUnit; days: number }) {
  return service.levels.map((one) => (
    <tr key={one.level} data-level={one.level} className="text-meta">
      <th scope="row" className="px-2 py-1 pl-9 text-left font-normal">
        {one.level === "" ? (
          <span className="text-muted">no level</span>
        ) : (
          <span className="flex items-center gap-2">
            <LevelTag level={toLevel(one.level)} />
            {one.level}
          </span>
        )}
      </th>
      <td className={cx(CELL, "py-1")}>{bytesText(one)}</td>
      <td className={cx(CELL, "py-1", WIDE)}>{linesText(one.lines)}</td>
      <td className={cx(CELL, "py-1")}>{shareText(one[unit], service[unit])}</td>
      <td className={CELL} />
      <td className={cx(CELL, "py-1", WIDE)}>{days > 0 ? formatBytes(Math.round(one.bytes / days)) : "—"}</td>
      <td className={cx(CELL, "py-1", WIDE)}>{lineSize(one)}</td>
    </tr>
  ));
}

/** A share in figures, and as a bar where there is room. */
function Share({ part, of }: { part: number; of: number }) {
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden className="hidden h-1.5 w-16 rounded-full bg-hover md:block">
        <span
          className="block h-full rounded-full bg-muted"
          style={{ width: `${of === 0 ? 0 : (part / of) * 100}%` }}
        />
      </span>
      <span className="w-10">{shareText(part, of)}</span>
    </span>
  );
}
