import { useQuery } from "@tanstack/react-query";
import { getJson, type Params } from "./client";
import { type Bounds, boundParams, useCostParams } from "./queries";
import type { Story } from "./types";

/** The lines that carry the id of a request, and those near them; not asked for without an id. */
export function useStory(id: string, bounds: Bounds) {
  const params: Params = [...useCostParams(), ["id", id], ...boundParams(bounds)];
  return useQuery({
    enabled: id !== "",
    queryKey: ["story", params],
    queryFn: ({ signal }) => getJson<Story>("story", params, signal),
  });
}
