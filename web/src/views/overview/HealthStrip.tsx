import type { UseQueryResult } from "@tanstack/react-query";
import type { HealthResponse } from "../../api/types";
import { ofEnvs } from "../../lib/health";
import { useView } from "../../state/useView";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { OtherEnvs } from "../health/OtherEnvs";
import { HealthCard } from "./HealthCard";

const EXPECTED_CARDS = 8;
const GRID = "grid grid-cols-2 gap-2 sm:grid-cols-[repeat(auto-fit,minmax(8rem,1fr))]";

/** One card a component. */
export function HealthStrip({ health }: { health: UseQueryResult<HealthResponse> }) {
  const { data, isError, error, refetch } = health;
  const envs = useView().view.filters.env.include;
  const { shown, others } = ofEnvs(data?.components ?? [], envs);
  if (!data && isError) {
    return (
      <section aria-label="Health" className="rounded-md border border-line bg-panel">
        <ErrorState error={error} onRetry={() => refetch()} />
      </section>
    );
  }
  return (
    <section aria-label="Health" className="grid gap-2">
      {isError && <Notice>The last check failed: {error.message} Showing the check before.</Notice>}
      <ul className={GRID}>
        {shown.map((component) => (
          <HealthCard key={component.id} component={component} />
        ))}
        {!data &&
          Array.from({ length: EXPECTED_CARDS }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
            <li key={index}>
              <Skeleton className="h-28 rounded-md sm:h-35" />
            </li>
          ))}
      </ul>
      <OtherEnvs components={others} />
    </section>
  );
}
