import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { loadPage, type useLogs, type useLogsParams } from "../../api/queries";
import { fillGap, floodAtEnd, type Pages, placeBehind, skippedGaps, skipTo } from "../../lib/gaps";
import type { SecondGap } from "../../lib/rows";
import { useView } from "../../state/useView";

export interface SecondGaps {
  /** The second in which the list ends for now, if it has very many lines. */
  atEnd: SecondGap | null;
  /** Seconds that were left, by the id of the line before. */
  left: ReadonlyMap<string, SecondGap>;
  /** The page before the gap that is being loaded, or could not be. */
  busy: number | null;
  failed: unknown;
  /** Loads the next lines of a gap. */
  load: (gap: SecondGap) => void;
  /** Goes on behind the second at the end; what it has more stays a gap. */
  leave: (gap: SecondGap) => void;
}

/** Lets the reader pass by a second with very many lines, and come back to it. */
export function useSecondGaps(
  query: ReturnType<typeof useLogs>,
  params: ReturnType<typeof useLogsParams>,
): SecondGaps {
  const { view } = useView();
  const client = useQueryClient();
  const [busy, setBusy] = useState<number | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const data = query.isPlaceholderData ? undefined : (query.data as Pages | undefined);

  const change = async (gap: SecondGap, load: (now: Pages) => Promise<(later: Pages) => Pages>) => {
    if (!data || busy !== null) return;
    setBusy(gap.page);
    setFailed(null);
    try {
      const applied = await load(data);
      client.setQueryData<Pages>(["logs", params], (later) => later && applied(later));
    } catch (error) {
      setFailed(error);
    } finally {
      setBusy(null);
    }
  };
  return {
    atEnd: floodAtEnd(data),
    left: skippedGaps(data),
    busy,
    failed,
    load: (gap) =>
      change(gap, async (now) => {
        const cursor = now.pages[gap.page]?.next_cursor ?? "";
        const page = await loadPage(params, [["cursor", cursor]]);
        return (later) => fillGap(later, gap, page);
      }),
    leave: (gap) =>
      change(gap, async () => {
        const place = placeBehind(gap, view.order);
        const page = await loadPage(params, place);
        return (later) => skipTo(later, place, page);
      }),
  };
}
