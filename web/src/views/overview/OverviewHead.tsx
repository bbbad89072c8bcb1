import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "wouter";
import { useAlerts } from "../../api/alerts";
import { useVolume } from "../../api/queries";
import type { FiringAlert, HealthResponse } from "../../api/types";
import { ALERTS } from "../../app/routes";
import { formatCount, plural } from "../../lib/format";
import { headlineOf, type Headline as Told } from "../../lib/headline";
import { formatExact, formatMoment, lastSpan } from "../../lib/time";
import { countErrors } from "../../lib/volume";
import { useAnchor } from "../../state/anchor";
import { linkTo, useView } from "../../state/useView";
import { LastDeploy } from "./LastDeploy";
import { Headline, HealthFacts } from "./VerdictLine";

/** The answer first, of health and of the alerts that fire; since when, what is not known, and how many errors there are. */
export function OverviewHead({ health }: { health: UseQueryResult<HealthResponse> }) {
  const { view } = useView();
  const told = headlineOf(health, useAlerts(view));
  return (
    <div className="grid gap-0.5" data-verdict={told?.verdict}>
      <Headline verdict={told?.verdict}>{told && <Words told={told} />}</Headline>
      {/* What comes at another time has a line of its own, or it would push the page down. */}
      <p className="flex flex-wrap gap-x-4 text-muted">
        <Counts />
        {told?.alert && <AlertSince alert={told.alert} />}
        <LastDeploy />
      </p>
      <p className="flex min-h-5 flex-wrap gap-x-4 text-muted">
        {told?.doubt && <span className="font-semibold text-warn">{told.doubt}</span>}
        {health.data && <HealthFacts health={health.data} />}
      </p>
    </div>
  );
}

function Words({ told }: { told: Told }) {
  const { view } = useView();
  const alerts = told.alerts && (
    <Link href={linkTo(ALERTS.path, view)} className="hover:underline" dir="auto">
      {told.alerts}
    </Link>
  );
  const [first, second] = told.alertsFirst ? [alerts, told.health] : [told.health, alerts];
  return (
    <>
      {first}
      {first && second && " · "}
      {second}
    </>
  );
}

function AlertSince({ alert }: { alert: FiringAlert }) {
  const { now } = useAnchor();
  const ms = Date.parse(alert.start);
  return <span title={formatExact(ms)}>Alert since {formatMoment(ms, now)}</span>;
}

function Counts() {
  const { view } = useView();
  const anchor = useAnchor();
  const volume = useVolume(view, anchor, "service,level");
  if (!volume.data)
    return (
      <span>{volume.isError ? "Lines could not be counted; the chart says why" : "Counting lines …"}</span>
    );
  const errors = countErrors(volume.data);
  const lines = volume.data.series.reduce((sum, { total }) => sum + total, 0);
  const when =
    view.range.kind === "relative" ? `in the last ${lastSpan(view.range.spanMs)}` : "in the chosen time";
  const words =
    lines === 0
      ? "No lines"
      : `${errors === 0 ? "No errors" : plural(errors, "error")} in ${formatCount(lines)} lines`;
  return (
    <span>
      {words} {when}
    </span>
  );
}
