import { useMemo } from "react";
import { useLogs, useRetry } from "../../api/queries";
import { buildRows } from "../../lib/rows";
import { useAnchor } from "../../state/anchor";
import { useIsNarrow } from "../../state/useMedia";
import { useView } from "../../state/useView";
import { useZone } from "../../state/zone";
import { cx } from "../../ui/cx";
import { ErrorState, Notice } from "../../ui/States";
import { ColumnHeads } from "./ColumnHeads";
import { LineGrid } from "./LineGrid";
import { ListPlaceholder } from "./ListPlaceholder";
import { NoLines } from "./NoLines";
import { SearchFooter } from "./SearchFooter";
import { useLinked } from "./useLinked";
import { useLinkedLine } from "./useLinkedLine";

/** How many lines a page has where a linked line is looked for: it may be far down. */
const LINKED_PAGE_LINES = 1000;

/** The lines of the range, page by page as the list is scrolled. */
export function SearchList() {
  const { view, setView } = useView();
  const [zone] = useZone();
  const anchor = useAnchor();
  const [linked, noteOpen] = useLinked(view.line, (line) => setView({ ...view, line }, { replace: true }));
  const limit = linked === "" ? undefined : LINKED_PAGE_LINES;
  const query = useLogs(view, anchor, { limit });
  const retry = useRetry();
  const narrow = useIsNarrow();
  const entries = useMemo(() => query.data?.pages.flatMap((page) => page.entries) ?? [], [query.data]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: days begin with the zone
  const rows = useMemo(() => buildRows(entries), [entries, zone]);
  // The lines of the view before may hold the linked one too, but they are about to go.
  const target = query.isPlaceholderData ? "" : linked;
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
      {warnings.length > 0 && <Notice>{warnings.join(" ")}</Notice>}
      {!narrow && <ColumnHeads />}
      <LineGrid
        key={linked /* where it is scrolled to and what is open does not pass to another list */}
        rows={rows}
        targetId={target}
        onToggle={noteOpen}
        onNearEnd={query.hasNextPage && !query.isFetching && !query.isError ? query.fetchNextPage : undefined}
        footer={<SearchFooter query={query} count={entries.length} />}
      />
    </div>
  );
}
