import { useCallback, useState } from "react";
import { isBeyondIssues, useIssues, useIssueUsers } from "../../api/issues";
import type { IndexStatus } from "../../api/types";
import { hasFilters, readSearch } from "../../lib/issueSyntax";
import { describeSpan } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { formatView } from "../../state/view";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { SearchBox } from "../logs/SearchBox";
import { SavedButton } from "../searches/SavedButton";
import { IssueBar } from "./IssueBar";
import { IssueFilters } from "./IssueFilters";
import { IssueList } from "./IssueList";
import { NoIssues } from "./NoIssues";
import { SearchHelp } from "./SearchHelp";

const LATE_MS = 120_000;
/** How many issues one action may be about. */
const CHOSEN_MAX = 1000;

const SYNTAX = { hasFilters, readSearch };

/** The issues that have events in the range: the answer, filters, what can be done with the chosen ones, the list. */
export default function IssuesView({ user }: { user: string }) {
  const { view } = useView();
  const anchor = useAnchor();
  const query = useIssues(view, anchor);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const pages = query.data?.pages ?? [];
  const first = pages[0];
  const issues = pages.flatMap((page) => page.issues);
  const users = useIssueUsers(query.isPlaceholderData ? [] : pages, view, anchor);
  const toggle = useCallback((id: number) => setChosen((now) => toggled(now, id)), []);
  const all = issues.slice(0, CHOSEN_MAX).map(({ id }) => id);
  return (
    <div className="flex h-full flex-col">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2 px-2 py-2 md:px-4">
        <div className="flex items-center gap-1">
          <SearchBox
            label="Words of title, message and frames"
            placeholder="Search the issues: words, service:backend, user:ada, frame:create_game"
            syntax={SYNTAX}
          />
          <SearchHelp />
          <SavedButton />
        </div>
        <IssueFilters user={user} counts={first?.summary.states} />
      </div>
      <IssueBar
        first={first}
        chosen={issues.filter(({ id }) => chosen.has(id))}
        user={user}
        onClear={() => setChosen(new Set())}
        onReload={() => (view.range.kind === "relative" ? anchor.refresh() : query.refetch())}
      />
      {isBeyondIssues(view) && (
        <Notice>
          Issues know no jobs, fields, LogQL or text that is left out: these filters do not count here.
        </Notice>
      )}
      {first && <IndexNotice index={first.index} />}
      {query.isError && first && <Notice>{query.error.message} Showing what was loaded before.</Notice>}
      {query.isPending && <Placeholder />}
      {query.isError && !first && (
        <ErrorState error={query.error} onRetry={() => query.refetch()} className="flex-1" />
      )}
      {first?.total === 0 && <NoIssues />}
      {first && first.total > 0 && (
        <div
          className="flex min-h-0 flex-1 flex-col aria-busy:opacity-60"
          aria-busy={query.isPlaceholderData}
        >
          <IssueList
            key={formatView(view) /* where it is scrolled to does not pass to another list */}
            issues={issues}
            total={first.total}
            users={users}
            seriesStart={Date.parse(first.series_start)}
            stepMs={first.step_ms}
            chosen={chosen}
            onChoose={toggle}
            onChooseAll={() => setChosen(chosen.size < all.length ? new Set(all) : new Set())}
            onNearEnd={
              query.hasNextPage && !query.isFetching && !query.isError ? query.fetchNextPage : undefined
            }
          />
        </div>
      )}
    </div>
  );
}

/** Says so when the issues are behind what Loki has. */
function IndexNotice({ index }: { index: IndexStatus }) {
  const late = describeSpan(index.lag_ms);
  if (index.failure !== "") {
    return (
      <Notice>
        New errors are not read from Loki: {index.failure.replace(/\.$/, "")}. It goes on by itself.
        {index.cursor && ` What is shown is as of ${late} ago.`}
      </Notice>
    );
  }
  if (!index.cursor) {
    return <Notice>The first look at Loki is on its way: the list is not complete.</Notice>;
  }
  if (index.lag_ms > LATE_MS)
    return <Notice>Loki is being read, {late} behind: the list is not complete.</Notice>;
  return null;
}

function Placeholder() {
  return (
    <div aria-hidden className="grid flex-1 content-start gap-px overflow-hidden pt-7">
      {Array.from({ length: 12 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
        <Skeleton key={index} className="h-11" />
      ))}
    </div>
  );
}

function toggled(chosen: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}
