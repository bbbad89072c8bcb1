import { ExternalLink } from "lucide-react";
import type { HealthComponent, HealthSignal } from "../../api/types";
import { formatUnit } from "../../lib/units";
import { useAnchor } from "../../state/anchor";
import { cx } from "../../ui/cx";
import { VerdictMark, verdictColour, verdictWord } from "../../ui/Verdict";
import { Meter } from "../overview/Meter";
import { Since } from "./Since";

/** Every signal of a component with value, reason and thresholds; the unknown ones last, by their reason. */
export function SignalList({ component }: { component: HealthComponent }) {
  const known = component.signals.filter(({ verdict }) => verdict !== "no_data");
  const unknown = byReason(component.signals.filter(({ verdict }) => verdict === "no_data"));
  return (
    <div className="min-w-0">
      <ul className="grid gap-2.5" aria-label={`Signals of ${component.name}`}>
        {known.map((signal) => (
          <Signal key={signal.id} signal={signal} />
        ))}
        {unknown.map(([reason, signals]) => (
          <Unknown key={reason} reason={reason} signals={signals} />
        ))}
      </ul>
      {component.grafana && (
        <GrafanaLink href={component.grafana} className="mt-4">
          Open in Grafana
        </GrafanaLink>
      )}
    </div>
  );
}

function Signal({ signal }: { signal: HealthSignal }) {
  const good = signal.verdict === "ok";
  return (
    <li className="grid min-w-0 gap-0.5" data-signal={signal.id} data-verdict={signal.verdict}>
      <p className="flex items-center gap-2">
        <VerdictMark verdict={signal.verdict} />
        <span className="min-w-0 truncate">{signal.name}</span>
        <span className={cx("ml-auto font-semibold", !good && verdictColour(signal.verdict))}>
          {signal.display || (good ? "–" : verdictWord(signal.verdict))}
        </span>
      </p>
      {signal.unit === "percent" && signal.value !== null && !signal.lower_is_worse && (
        <div className="pl-4.5">
          <Meter item={signal} />
        </div>
      )}
      <p className="pl-4.5 text-meta wrap-anywhere text-muted">
        {signal.reason}
        {good && limits(signal)}
        {signal.since && !good && <Since of={signal} className="block" />}
      </p>
    </li>
  );
}

/** Signals that are not known for one reason. */
function Unknown({ reason, signals }: { reason: string; signals: readonly HealthSignal[] }) {
  return (
    <li className="grid min-w-0 gap-0.5" data-verdict="no_data">
      {signals.map(({ id, name }) => (
        <p key={id} data-signal={id} className="flex items-center gap-2">
          <VerdictMark verdict="no_data" />
          <span className="min-w-0 truncate">{name}</span>
          <span className="ml-auto text-muted">{verdictWord("no_data")}</span>
        </p>
      ))}
      <p className="pl-4.5 text-meta wrap-anywhere text-muted">{reason}</p>
    </li>
  );
}

function byReason(signals: readonly HealthSignal[]): [string, HealthSignal[]][] {
  const groups = new Map<string, HealthSignal[]>();
  for (const signal of signals) groups.set(signal.reason, [...(groups.get(signal.reason) ?? []), signal]);
  return [...groups];
}

/** Where a signal would become a warning and critical. */
function limits({ warning, critical, unit, lower_is_worse }: HealthSignal): string {
  const at = (value: number) =>
    lower_is_worse ? `at ${formatUnit(value, unit)} or less` : `from ${formatUnit(value, unit)}`;
  const parts = [
    warning !== undefined && `warning ${at(warning)}`,
    critical !== undefined && `critical ${at(critical)}`,
  ].filter(Boolean);
  return parts.length > 0 ? ` · ${parts.join(", ")}` : "";
}

/** A link to Grafana at the page's range. */
export function GrafanaLink({
  href,
  label,
  className,
  children,
}: {
  href: string;
  label?: string;
  className?: string;
  children?: React.ReactNode;
}) {
  const { startMs, endMs } = useAnchor();
  return (
    <a
      href={`${href}${href.includes("?") ? "&" : "?"}from=${startMs}&to=${endMs}`}
      target="_blank"
      rel="noreferrer"
      aria-label={label}
      title={label}
      className={cx("inline-flex items-center gap-1.5 text-accent hover:underline", className)}
    >
      {children}
      <ExternalLink size={14} aria-hidden />
    </a>
  );
}
