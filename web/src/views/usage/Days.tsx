import { type KeyboardEvent, useState } from "react";
import { Link } from "wouter";
import type { UsageDay, UsageJump, UsageResponse } from "../../api/types";
import { LINES } from "../../app/routes";
import { Swatch } from "../../charts/Swatch";
import {
  amountText,
  axisTicks,
  dayName,
  isUnknown,
  labelledDays,
  serviceName,
  type UsageSeries,
  usageSeries,
} from "../../lib/usage";
import { allLines, onlyValues, withTail } from "../../state/filters";
import { useIsNarrow } from "../../state/useMedia";
import { linkTo, useView } from "../../state/useView";
import type { UsageUnit } from "../../state/view";
import { cx } from "../../ui/cx";
import { Panel } from "../../ui/Panel";
import { DayBar } from "./DayBar";

const HEIGHT = "h-56";
const JUMPS_SHOWN = 3;

/** Stacked days; hover, arrows or a tap show one of them beside. */
export function Days({ data }: { data: UsageResponse }) {
  const { view } = useView();
  const [shown, setShown] = useState<number | null>(null);
  const series = usageSeries(data, view.unit);
  return (
    <Panel title="By day" note={view.unit === "bytes" ? "bytes before compression" : "lines"}>
      <div className="grid gap-4 px-4 pb-4 lg:grid-cols-[minmax(0,1fr)_15rem]">
        <div className="min-w-0">
          <Bars data={data} series={series} shown={shown} onShow={setShown} />
          <DayNames days={data.days} />
          <Jumps jumps={data.jumps} days={data.days} />
        </div>
        <Readout data={data} series={series} day={shown} />
      </div>
    </Panel>
  );
}

interface BarsProps {
  data: UsageResponse;
  series: readonly UsageSeries[];
  shown: number | null;
  onShow: (day: number | null) => void;
}

function Bars({ data: { days, jumps }, series, shown, onShow }: BarsProps) {
  const { unit, filters } = useView().view;
  const ticks = axisTicks(Math.max(...days.map((day) => day[unit])));
  const top = ticks.at(-1) ?? 1;
  const last = days.length - 1;
  const at = shown ?? last;
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") return onShow(null);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onShow(Math.min(last, Math.max(0, to)));
  };
  return (
    <div className="flex gap-2">
      <Axis ticks={ticks} top={top} />
      <div
        role="slider"
        tabIndex={0}
        aria-label="Day"
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at}
        aria-valuetext={days[at] && `${dayName(days[at].start)}: ${dayFigure(days[at], unit)}`}
        onKeyDown={onKey}
        onPointerLeave={(event) => event.pointerType === "mouse" && onShow(null)}
        className={cx("relative flex min-w-0 flex-1 items-stretch border-b border-line", HEIGHT)}
      >
        {ticks.slice(1).map((tick) => (
          <span
            key={tick}
            aria-hidden
            className="pointer-events-none absolute inset-x-0 border-t border-line"
            style={{ bottom: `${(tick / top) * 100}%` }}
          />
        ))}
        {days.map((day, index) => (
          <DayBar
            key={day.start}
            day={day}
            values={series.map(({ token, values, services }) => ({
              token,
              value: values[index] ?? 0,
              muted: isMuted(services, filters.service.include),
            }))}
            top={top}
            shown={shown === index}
            dense={days.length > 30}
            jump={jumps.some((jump) => jump.day === index)}
            onShow={() => onShow(index)}
          />
        ))}
      </div>
    </div>
  );
}

/** The names of some days, under the bars. */
function DayNames({ days }: { days: readonly UsageDay[] }) {
  const narrow = useIsNarrow();
  const last = days.length - 1;
  return (
    <div aria-hidden className="relative ml-14 h-6 text-meta text-muted">
      {labelledDays(days.length, narrow ? 4 : 10).map((index) => (
        <span
          key={index}
          className="absolute top-1 -translate-x-1/2 whitespace-nowrap"
          style={{ left: `${((index + 0.5) / days.length) * 100}%` }}
        >
          {index === last
            ? narrow || days.length > 30
              ? "today"
              : "today so far"
            : shortName(days[index], days.length)}
        </span>
      ))}
    </div>
  );
}

/** With a service chosen, the others step back. */
function isMuted(services: readonly string[], chosen: readonly string[]): boolean {
  return chosen.length > 0 && !services.some((service) => chosen.includes(service));
}

/** "Tue 24" in a week or two, "24 Nov" in longer ranges. */
function shortName(day: UsageDay | undefined, days: number): string {
  const [weekday, date, month] = dayName(day?.start ?? "").split(" ");
  return days <= 14 ? `${weekday} ${date}` : `${date} ${month}`;
}

function Axis({ ticks, top }: { ticks: readonly number[]; top: number }) {
  const { unit } = useView().view;
  return (
    <div aria-hidden className={cx("relative w-12 shrink-0 text-right text-meta text-muted", HEIGHT)}>
      {ticks.map((tick) => (
        <span
          key={tick}
          className="absolute right-0 translate-y-1/2 whitespace-nowrap"
          style={{ bottom: `${(tick / top) * 100}%` }}
        >
          {tick === 0 ? "0" : amountText(tick, unit).replace(/ lines?$/, "")}
        </span>
      ))}
    </div>
  );
}

/** The figures of one day, or of all; each service leads to its lines. */
function Readout({
  data,
  series,
  day,
}: {
  data: UsageResponse;
  series: readonly UsageSeries[];
  day: number | null;
}) {
  const { view } = useView();
  const one = day === null ? undefined : data.days[day];
  const value = (of: UsageSeries) => (day === null ? of.total : (of.values[day] ?? 0));
  const range = one
    ? ({ kind: "absolute", startMs: Date.parse(one.start), endMs: Date.parse(one.end) } as const)
    : ({ kind: "relative", spanMs: view.days * 86_400_000 } as const);
  const lines = allLines(withTail({ ...view, range }, false));
  return (
    <div data-day={one?.start}>
      <p className="flex items-baseline justify-between gap-2 px-2 font-semibold" aria-live="polite">
        <span>
          {one
            ? `${dayName(one.start)}${one.state === "so_far" ? ", so far" : ""}`
            : `${data.days.length} days`}
        </span>
        <span>{one ? dayFigure(one, view.unit) : amountText(data.total[view.unit], view.unit)}</span>
      </p>
      <ul className="mt-1">
        {[...series].reverse().map((of) => (
          <li key={of.label}>
            <Link
              href={linkTo(LINES.path, onlyValues(lines, "service", of.services.filter(Boolean)))}
              title={`Lines of ${of.label}`}
              className="flex w-full items-center gap-2 rounded-sm px-2 text-meta leading-5 hover:bg-hover pointer-coarse:min-h-10"
            >
              <Swatch token={of.token} />
              <span className="truncate">{of.label}</span>
              <span className="ml-auto shrink-0 pl-2 text-muted">
                {one && isUnknown(one) ? "—" : amountText(value(of), view.unit)}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** How much a day has, or why that is not known. */
function dayFigure(day: UsageDay, unit: UsageUnit): string {
  if (day.state === "no_data") return "no data";
  return day.state === "not_counted" ? "not counted" : amountText(day[unit], unit);
}

/** The days from which on a service logs far more, in words. */
function Jumps({ jumps, days }: { jumps: readonly UsageJump[]; days: readonly UsageDay[] }) {
  if (jumps.length === 0) return null;
  const more = jumps.length - JUMPS_SHOWN;
  return (
    <ul aria-label="Jumps" className="mt-2 grid gap-0.5 text-meta">
      {jumps.slice(0, JUMPS_SHOWN).map(({ day, service, bytes, usual }) => (
        <li key={`${day} ${service}`} data-jump={service}>
          <span aria-hidden className="mr-1.5 text-warn">
            ▲
          </span>
          {dayName(days[day]?.start ?? "")}: {serviceName(service)} logs {amountText(bytes, "bytes")},{" "}
          {usual === 0 ? "nothing the days before" : `usually ${amountText(usual, "bytes")} a day`}
        </li>
      ))}
      {more > 0 && <li className="text-muted">and {more} more</li>}
    </ul>
  );
}
