import { useEffect } from "react";
import type { useLogs } from "../../api/queries";
import type { Entry } from "../../api/types";

const MAX_PAGES = 10;

/**
 * Loads pages until the line that the address links to is there. True when it
 * could not be found within a sensible number of pages.
 */
export function useLinkedLine(
  id: string,
  entries: readonly Entry[],
  query: ReturnType<typeof useLogs>,
): boolean {
  const { hasNextPage, isFetching, isError, fetchNextPage, data } = query;
  const pages = data?.pages.length ?? 0;
  const searching = id !== "" && pages > 0 && entries.every((entry) => entry.id !== id);
  const goOn = searching && hasNextPage && !isFetching && !isError && pages < MAX_PAGES;
  useEffect(() => {
    if (goOn) fetchNextPage();
  }, [goOn, fetchNextPage]);
  return searching && !isFetching && !goOn;
}
