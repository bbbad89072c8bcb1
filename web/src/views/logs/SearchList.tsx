import { useMemo, useState } from "react";
import { errorText } from "../../api/client";
import { useRetry, viewParams } from "../../api/queries";
import { buildRows } from "../../lib/rows";
import { useIsNarrow } from "../../state/useMedia";
import { useView } from "../../state/useView";
import { useZone } from "../../state/zone";
import { ErrorState, Notice } from "../../ui/States";
import { ColumnHeads } from "./ColumnHeads";
import { LineGrid } from "./LineGrid";
import { ListPlaceholder } from "./ListPlaceholder";
import { MoreInSecond } from "./MoreInSecond";
import { NoLines } from "./NoLines";
import { SearchFooter } from "./SearchFooter";
import { useLinked } from "./useLinked";
import { useLinkedLine } from "./useLinkedLine";
import { useListedLines, useListedParams } from "./useListedLines";
import { useSecondGaps } from "./useSecondGaps";

/** The lines of the range, page by page as the list is scrolled. */
export function SearchList() {
  const { view, setView } = useView();
  const [zone] = useZone();
  const list = JSON.stringify([viewParams(view), view.range, view.order]);
  const note = (line: string) => setView({ ...view, line }, { replace: true });
  const [linked, noteOpen] = useLinked(view.line, note, list);
  const query = useListedLines(linked);
  const gaps = useSecondGaps(query, useListedParams(linked));
  const retry = useRetry();
  const narrow = useIsNarrow();
  const entries = useMemo(() => query.data?.pages.flatMap((page) => page.entries) ?? [], [query.data]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the gaps are of the data, days begin with the zone
  const rows = useMemo(() => buildRows(entries, gaps.left), [entries, zone]);
  // The lines of the view before may hold the linked one too, but they are about to go.
  const target = query.isPlaceholderData ? "" : linked;
  const shown = useShown(linked && `${linked} ${list}`, query.isPlaceholderData);
  const missing = useLinkedLine(target, entries, query);

  if (query.isError && entries.length === 0) {
    return <ErrorState error={query.error} onRetry={retry} className="h-full" />;
  }
  if (query.isPending) return <ListPlaceholder />;
  if (entries.length === 0 && !query.hasNextPage) return <NoLines />;
  const warnings = [...new Set((query.data?.pages ?? []).flatMap((page) => page.warnings))];
  return (
    <div className="flex h-full flex-col aria-busy:opacity-60" aria-busy={query.isPlaceholderData}>
      {missing && (
        <Notice>The linked line is not in the lines loaded so far. It may be past Loki’s retention.</Notice>
      )}
      {gaps.failed !== null && <Notice>{errorText(gaps.failed)}</Notice>}
      {warnings.length > 0 && <Notice>{warnings.join(" ")}</Notice>}
      {!narrow && <ColumnHeads />}
      <LineGrid
        key={shown /* where it is scrolled to and what is open does not pass to another list */}
        rows={rows}
        targetId={target}
        onToggle={noteOpen}
        onNearEnd={
          query.hasNextPage && !query.isFetching && !query.isError && !gaps.atEnd
            ? query.fetchNextPage
            : undefined
        }
        more={(gap) => <MoreInSecond gap={gap} busy={gaps.busy === gap.page} onLoad={() => gaps.load(gap)} />}
        footer={<SearchFooter query={query} count={entries.length} gaps={gaps} />}
      />
    </div>
  );
}

/** The key of the list whose lines are shown, which is the one before while the next is loaded. */
function useShown(key: string, isBefore: boolean): string {
  const [shown, setShown] = useState(key);
  if (!isBefore && shown !== key) setShown(key);
  return isBefore ? shown : key;
}
