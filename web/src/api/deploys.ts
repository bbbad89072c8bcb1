import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getJson } from "./client";
import { type Bounds, boundParams } from "./queries";
import type { DeploysResponse } from "./types";

/** The deploys of a range, of all services and environments, the newest first. */
export function useDeploys(bounds: Bounds) {
  const params = boundParams(bounds);
  return useQuery({
    queryKey: ["deploys", params],
    queryFn: ({ signal }) => getJson<DeploysResponse>("deploys", params, signal),
    placeholderData: keepPreviousData,
  });
}
