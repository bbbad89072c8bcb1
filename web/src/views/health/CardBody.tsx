import { useMemo } from "react";
import { useAlertTimeline } from "../../api/alerts";
import { useDeploys } from "../../api/deploys";
import type { Deploy, HealthComponent } from "../../api/types";
import { alertBands } from "../../lib/alerts";
import type { Marks } from "../../lib/graph";
import { alertsOf, deploysOf, toTick } from "../../lib/related";
import { useAnchor } from "../../state/anchor";
import { clearEnv } from "../../state/filters";
import { useView } from "../../state/useView";
import { Graphs } from "./Graphs";
import { RelatedAlerts } from "./RelatedAlerts";
import { RelatedIssues } from "./RelatedIssues";
import { SignalList } from "./SignalList";

/** What an opened card shows: signals and graphs, then the alerts and issues that are about the component. */
export function CardBody({ component }: { component: HealthComponent }) {
  const { view } = useView();
  const anchor = useAnchor();
  // A component has its own environment, whichever the page shows.
  const alerts = useAlertTimeline(clearEnv(view), anchor);
  const deploys = useDeploys(anchor).data?.deploys;
  const timeline = useMemo(() => alerts.data && alertsOf(alerts.data, component), [alerts.data, component]);
  const marks = useMemo((): Marks => {
    const axis = { startMs: anchor.startMs, endMs: anchor.endMs };
    const bands = timeline ? alertBands(timeline, axis) : [];
    return {
      bands: bands.map(({ startMs, endMs }) => [startMs, endMs]),
      ticks: deploysAt(deploys ?? [], component).map(toTick),
    };
  }, [timeline, deploys, component, anchor.startMs, anchor.endMs]);
  return (
    <div className="grid gap-x-8 gap-y-4 border-t border-line p-4 lg:grid-cols-[22rem_1fr]">
      <SignalList component={component} />
      <Graphs component={component} marks={marks} />
      <div className="grid min-w-0 items-start gap-x-8 gap-y-4 border-t border-line pt-3 lg:col-span-2 lg:grid-cols-2">
        <RelatedAlerts query={alerts} timeline={timeline} />
        {component.services.length > 0 && <RelatedIssues component={component} />}
      </div>
    </div>
  );
}

/** The deploys of what a component consists of; of what is not deployed, none. */
function deploysAt(deploys: readonly Deploy[], { services, env }: HealthComponent): Deploy[] {
  return services.length === 0 ? [] : deploysOf(deploys, { services, envs: env ? [env] : [] });
}
