import { useHealth } from "../../api/queries";
import { useSteadyRefresh } from "../../state/useSteadyRefresh";
import { FilterChips } from "../logs/FilterChips";
import { HealthStrip } from "./HealthStrip";
import { NewAndRegressed } from "./NewAndRegressed";
import { OverviewHead } from "./OverviewHead";
import { Sources } from "./Sources";
import { Timeline } from "./Timeline";
import { UnreadableSources } from "./UnreadableSources";

/** What is the case, in words, and the evidence: health, errors and volume over time, new issues, sources. */
export default function OverviewView() {
  const health = useHealth();
  useSteadyRefresh();
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] gap-4 p-3 md:p-6">
        <OverviewHead health={health} />
        <FilterChips />
        <HealthStrip health={health} />
        <UnreadableSources sources={health.data?.unreadable ?? []} />
        <Timeline />
        <div className="grid items-start gap-4 lg:grid-cols-[2fr_1fr]">
          <NewAndRegressed />
          <Sources health={health} />
        </div>
      </div>
    </div>
  );
}
