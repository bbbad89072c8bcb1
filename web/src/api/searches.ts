import { useQuery, useQueryClient } from "@tanstack/react-query";
import { deleteAt, getJson, postJson } from "./client";
import type { SavedSearch, SavedSearches, SavedSearchInput } from "./types";
import { useWrite } from "./write";

const SEARCHES = ["searches"] as const;

/** The searches that all users saved. */
export function useSearches() {
  return useQuery({
    queryKey: SEARCHES,
    queryFn: ({ signal }) => getJson<SavedSearches>("searches", [], signal),
  });
}

export function useSaveSearch() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: (input: SavedSearchInput) => postJson<SavedSearch>("searches", input),
    onSuccess: () => client.invalidateQueries({ queryKey: SEARCHES }),
  });
}

export function useDeleteSearch() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: (id: number) => deleteAt(`searches/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: SEARCHES }),
  });
}
