import { useMemo } from "react";
import { errorText } from "../../api/client";
import { useLogs, useLogsParams, useRetry } from "../../api/queries";
import { buildRows } from "../../lib/rows";
import { useAnchor } from "../../state/anchor";
import { useIsNarrow } from "../../state/useMedia";
import { useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { ErrorState, Notice } from "../../ui/States";
import { ColumnHeads } from "./ColumnHeads";
import { LineGrid } from "./LineGrid";
import { ListPlaceholder } from "./ListPlaceholder";
import { MoreInSecond } from "./MoreInSecond";
import { NoLines } from "./NoLines";
import { SearchFooter } from "./SearchFooter";
import { useLinkedLine } from "./useLinkedLine";
import { useSecondGaps } from "./useSecondGaps";

/** How many lines a page has where a linked line is looked for: it may be far down. */
const LINKED_PAGE_LINES = 1000;

/** The lines of the range, page by page as the list is scrolled. */
export function SearchList() {
  const { view } = useView();
  const anchor = useAnchor();
  const limit = view.line === "" ? undefined : LINKED_PAGE_LINES;
  const query = useLogs(view, anchor, { limit });
  const gaps = useSecondGaps(query, useLogsParams(view, anchor, limit));
  const retry = useRetry();
  const narrow = useIsNarrow();
  const entries = useMemo(() => query.data?.pages.flatMap((page) => page.entries) ?? [], [query.data]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the gaps are of the data
  const rows = useMemo(() => buildRows(entries, gaps.left), [entries]);
  // The lines of the view before may hold the linked one too, but they are about to go.
  const target = query.isPlaceholderData ? "" : view.line;
  const missing = useLinkedLine(target, entries, query);

  if (query.isError && entries.length === 0) {
    return <ErrorState error={query.error} onRetry={retry} className="h-full" />;
  }
  if (query.isPending) return <ListPlaceholder />;
  if (entries.length === 0 && !query.hasNextPage) return <NoLines />;
  const warnings = [...new Set((query.data?.pages ?? []).flatMap((page) => page.warnings))];
  return (
    <div className={cx("flex h-full flex-col", query.isPlaceholderData && "opacity-60")}>
      {missing && (
        <Notice>The linked line is not in the lines loaded so far. It may be past Loki’s retention.</Notice>
      )}
      {gaps.failed !== null && <Notice>{errorText(gaps.failed)}</Notice>}
      {warnings.length > 0 && <Notice>{warnings.join(" ")}</Notice>}
      {!narrow && <ColumnHeads />}
      <LineGrid
        key={view.line /* where it is scrolled to and what is open does not pass to another list */}
        rows={rows}
        targetId={target}
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
