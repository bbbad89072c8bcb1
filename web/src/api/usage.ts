import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { zoneName } from "../lib/time";
import { facetParams, type View } from "../state/view";
import { useZone } from "../state/zone";
import { getJson, type Params } from "./client";
import type { UsagePatterns, UsageResponse } from "./types";

/** The dashboard counts every five minutes, and soon after its first start. */
const EVERY_MS = 60_000;
const FIRST_MS = 3000;

/** How much is logged by day and service, of the view's days and environments; `now` loads it anew. */
export function useUsage(view: View, now: number) {
  useZone(); // another one has other days
  const params = usageParams(view);
  return useQuery({
    queryKey: ["usage", params, now],
    queryFn: ({ signal }) => getJson<UsageResponse>("usage", params, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => (data && isNew(data) ? FIRST_MS : EVERY_MS),
  });
}

/** True while the days are counted for the first time, the oldest at last. */
export function isBeingCounted({ days, problem }: UsageResponse): boolean {
  return problem === "" && days[0]?.state === "not_counted";
}

/** Not every day was looked at, or nothing is known yet. */
function isNew(data: UsageResponse): boolean {
  return isBeingCounted(data) || (data.problem === "" && data.total.lines === 0);
}

/** The patterns that make the most of the view's days, environments and service. */
export function useUsagePatterns(view: View, ready: boolean) {
  const [service] = view.filters.service.include;
  const params: Params = service ? [...usageParams(view), ["service", service]] : usageParams(view);
  return useQuery({
    enabled: ready,
    queryKey: ["usage-patterns", params],
    queryFn: ({ signal }) => getJson<UsagePatterns>("usage/patterns", params, signal),
    placeholderData: keepPreviousData,
    staleTime: 10 * EVERY_MS,
  });
}

function usageParams(view: View): Params {
  return [["days", String(view.days)], ["tz", zoneName()], ...facetParams(view, "env")];
}
