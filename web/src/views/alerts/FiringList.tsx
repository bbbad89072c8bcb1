import { Link } from "wouter";
import type { AlertsResponse, FiringAlert } from "../../api/types";
import { alertPath } from "../../app/routes";
import { isLoud, lasted, placeOf, severityLevel } from "../../lib/alerts";
import { formatExact } from "../../lib/time";
import { useNow } from "../../state/useNow";
import { linkTo, useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { LevelBar, levelText } from "../../ui/LevelTag";
import { Panel } from "../../ui/Panel";
import { QuietLine } from "./QuietLine";
import { SilenceButton } from "./SilenceButton";

/** What fires now: the loud ones, then the quiet ones. */
export function FiringList({ alerts }: { alerts: AlertsResponse }) {
  const { firing, total } = alerts;
  const quiet = firing.filter((alert) => !isLoud(alert));
  return (
    <Panel title="Firing now" note={total > firing.length && `the first ${firing.length} of ${total}`}>
      <ul className="mt-1">
        {[...firing.filter(isLoud), ...quiet].map((alert) => (
          <FiringRow key={alert.id} alert={alert} silencing={alerts.alertmanager.configured} />
        ))}
      </ul>
    </Panel>
  );
}

function FiringRow({ alert, silencing }: { alert: FiringAlert; silencing: boolean }) {
  const { view } = useView();
  const now = useNow(10_000);
  const loud = isLoud(alert);
  const level = severityLevel(alert.severity);
  return (
    <li data-alert={alert.name} className="relative flex min-h-14 border-t border-line hover:bg-hover">
      <LevelBar level={loud ? level : "unknown"} />
      <div className="grid min-w-0 flex-1 content-center px-3 py-1.5">
        <Link
          href={linkTo(alertPath(alert.id), view)}
          title={alert.summary}
          className="line-clamp-2 after:absolute after:inset-0 md:line-clamp-1"
          dir="auto"
        >
          <span className={cx(loud && "font-semibold")}>{alert.summary || alert.name}</span>
        </Link>
        <p className="flex flex-wrap gap-x-2 text-meta text-muted">
          <span className={loud ? levelText(level) : undefined}>{alert.severity || "no severity"}</span>
          {alert.summary && <span>{alert.name}</span>}
          <span>{placeOf(alert)}</span>
        </p>
        <QuietLine alert={alert} />
      </div>
      <span
        title={formatExact(Date.parse(alert.start))}
        className="shrink-0 self-center px-1 text-right text-muted"
      >
        for {lasted(alert, now)}
      </span>
      {silencing && (
        <span className="relative z-10 flex w-14 shrink-0 items-center justify-end pr-3 sm:w-28">
          {alert.silenced_by.length === 0 && <SilenceButton alert={alert} small />}
        </span>
      )}
    </li>
  );
}
