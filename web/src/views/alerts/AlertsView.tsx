import { useAlerts } from "../../api/alerts";
import type { AlertsResponse } from "../../api/types";
import { alertsVerdict } from "../../lib/alerts";
import { plural } from "../../lib/format";
import { describeSpan, formatExact } from "../../lib/time";
import { useView } from "../../state/useView";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { VerdictMark } from "../../ui/Verdict";
import { FiringList } from "./FiringList";
import { SilencesPanel } from "./SilencesPanel";
import { TimelinePanel } from "./TimelinePanel";

/** What fires, what fired in the page's range, and what is silenced. */
export default function AlertsView() {
  const { view } = useView();
  const query = useAlerts(view);
  const { data } = query;
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] gap-4 p-3 md:p-6">
        <Head alerts={data} failed={query.isError} />
        {data && <Notices alerts={data} />}
        {query.isError && data && <Notice>{query.error.message} Showing what was loaded before.</Notice>}
        {query.isError && !data && (
          <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-32" />
        )}
        {query.isPending && <Skeleton className="h-112 rounded-md" />}
        {data && data.firing.length > 0 && <FiringList alerts={data} />}
        {/* Loads at once, and is shown when its place is known. */}
        <div hidden={query.isPending}>
          <TimelinePanel />
        </div>
        {data?.alertmanager.configured && data.alertmanager.failure === "" && <SilencesPanel />}
      </div>
    </div>
  );
}

/** The answer first. */
function Head({ alerts, failed }: { alerts: AlertsResponse | undefined; failed: boolean }) {
  const said = alerts && alertsVerdict(alerts);
  const verdict = said?.verdict ?? "no_data";
  return (
    <h1
      data-verdict={said?.verdict}
      className="flex min-h-7 items-start gap-2.5 text-value font-semibold sm:text-title"
    >
      {said || failed ? (
        <>
          <span className="mt-[5px] sm:mt-[7px]">
            <VerdictMark verdict={verdict} size={14} />
          </span>
          <span dir="auto" className="min-w-0">
            {said?.words ?? "Which alerts fire is not known"}
          </span>
        </>
      ) : (
        <Skeleton className="h-6 w-64" />
      )}
    </h1>
  );
}

/** Why what is shown may not be all. */
function Notices({ alerts: { alertmanager, watchdog } }: { alerts: AlertsResponse }) {
  const skew = Math.abs(alertmanager.skew_ms);
  return (
    <div className="grid gap-px empty:hidden">
      {!alertmanager.configured && (
        <Notice>
          The dashboard does not know an Alertmanager (ALERTMANAGER_URL): an end that is not notified stays
          unknown, and nothing can be silenced.
        </Notice>
      )}
      {alertmanager.failure !== "" && (
        <Notice>
          {alertmanager.failure}
          {alertmanager.since && ` (since ${formatExact(Date.parse(alertmanager.since))})`}. What fires is as
          of the last notification.
        </Notice>
      )}
      {watchdog.state === "missing" && (
        <Notice>
          The alert Watchdog, which always fires, does not
          {watchdog.since && ` since ${formatExact(Date.parse(watchdog.since))}`}: alerts may not get through.
          See that Prometheus evaluates its rules and reaches Alertmanager.
        </Notice>
      )}
      {alertmanager.truncated > 0 && (
        <Notice>
          A notification left out {plural(alertmanager.truncated, "alert")}. Alertmanager is asked for them
          within a minute.
        </Notice>
      )}
      {skew > 0 && (
        <Notice>
          Alertmanager's clock is {describeSpan(skew)} {alertmanager.skew_ms > 0 ? "ahead of" : "behind"} the
          dashboard's.
        </Notice>
      )}
    </div>
  );
}
