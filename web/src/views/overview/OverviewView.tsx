import { useEffect } from "react";
import { useHealth } from "../../api/queries";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { FilterChips } from "../logs/FilterChips";
import { HealthStrip } from "./HealthStrip";
import { NewAndRegressed } from "./NewAndRegressed";
import { Sources } from "./Sources";
import { Timeline } from "./Timeline";
import { UnreadableSources } from "./UnreadableSources";
import { VerdictLine } from "./VerdictLine";

const REFRESH_MS = 30_000;

/** What is the case, in words, and the evidence: health, errors and volume over time, new issues, sources. */
export default function OverviewView() {
  const health = useHealth();
  useSteadyRefresh();
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] gap-4 p-3 md:p-6">
        <VerdictLine health={health} />
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

/** Keeps a relative range at the present while the page is looked at. */
function useSteadyRefresh() {
  const { view } = useView();
  const { refresh } = useAnchor();
  const moving = view.range.kind === "relative";
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => document.visibilityState === "visible" && refresh(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [moving, refresh]);
}
