import { Download } from "lucide-react";
import { useState } from "react";
import { apiUrl } from "../../api/client";
import { isBeyondIssues, issueParams, useIssueAction, useIssueChanges, useIssues } from "../../api/issues";
import type { IndexStatus, IssuesResponse } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { actionWords } from "../../lib/issues";
import { describeSpan } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { Button, buttonClass } from "../../ui/Button";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { FilterChips } from "../logs/FilterChips";
import { SearchBox } from "../logs/SearchBox";
import { IssueActions } from "./IssueActions";
import { IssueFilters } from "./IssueFilters";
import { IssueList } from "./IssueList";

const LATE_MS = 120_000;
/** How many changes are counted at most. */
const COUNTED = 1000;

/** The issues that have events in the range: filters, what can be done with the chosen ones, the list. */
export default function IssuesView({ user }: { user: string }) {
  const { view } = useView();
  const anchor = useAnchor();
  const query = useIssues(view, anchor);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const pages = query.data?.pages;
  const issues = pages?.flatMap((page) => page.issues) ?? [];
  const here = issues.filter(({ id }) => chosen.has(id));
  return (
    <div className="flex h-full flex-col">
      <h1 className="sr-only">Issues</h1>
      <div className="grid gap-2 px-2 py-2 md:px-4">
        <SearchBox label="Words of title, message and frames" placeholder="Search the issues" />
        <IssueFilters user={user} />
        <FilterChips />
      </div>
      <Bar
        total={pages?.[0]?.total}
        seq={pages?.[0]?.seq ?? 0}
        chosen={here.map(({ id }) => id)}
        open={here.some(({ state }) => state !== "resolved")}
        user={user}
        exportHref={apiUrl("issues/export", issueParams(view, anchor))}
        onClear={() => setChosen(new Set())}
        onReload={() => (view.range.kind === "relative" ? anchor.refresh() : query.refetch())}
      />
      {isBeyondIssues(view) && (
        <Notice>
          Issues are filtered by environment, service and level that are shown; the other filters do not count
          here.
        </Notice>
      )}
      {pages?.[0] && <IndexNotice index={pages[0].index} />}
      {query.isError && pages && <Notice>{query.error.message} Showing what was loaded before.</Notice>}
      <div className="min-h-0 flex-1 overflow-y-auto">
        {query.isPending && <Placeholder />}
        {query.isError && !pages && (
          <ErrorState error={query.error} onRetry={() => query.refetch()} className="h-full" />
        )}
        {pages && (
          <IssueList
            issues={issues}
            stepMs={pages[0]?.step_ms ?? 3_600_000}
            chosen={chosen}
            onChoose={(id) => setChosen(toggled(chosen, id))}
          />
        )}
        {query.hasNextPage && (
          <div className="flex justify-center p-3">
            <Button onClick={() => query.fetchNextPage()} disabled={query.isFetchingNextPage}>
              {formatCount(rest(pages ?? []))} more
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

interface BarProps {
  total: number | undefined;
  /** Number of the last change that the list has. */
  seq: number;
  chosen: readonly number[];
  open: boolean;
  user: string;
  exportHref: string;
  onClear: () => void;
  onReload: () => void;
}

/** How many there are, or what can be done with the chosen ones. */
function Bar({ total, seq, chosen, open, user, exportHref, onClear, onReload }: BarProps) {
  const action = useIssueAction();
  const [changes, setChanges] = useState<readonly number[]>([]);
  const [said, setSaid] = useState("");
  useIssueChanges((more) =>
    setChanges((before) => [...before, ...more.map((one) => one.seq)].slice(-COUNTED)),
  );
  const newer = changes.filter((one) => one > seq).length;
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-2 border-y border-line px-2 py-1 md:px-4">
      {chosen.length > 0 ? (
        <>
          <span className="font-semibold">{formatCount(chosen.length)} chosen</span>
          <IssueActions
            issues={chosen}
            open={open}
            user={user}
            action={action}
            onDone={(done) => {
              setSaid(actionWords(done));
              onClear();
            }}
          />
          <Button size="sm" look="quiet" onClick={onClear}>
            Choose none
          </Button>
        </>
      ) : (
        <span className="text-muted">{total !== undefined && `${plural(total, "issue")} in this time`}</span>
      )}
      <span role="status" className={action.isError ? "text-error" : "text-muted"}>
        {action.isError ? action.error.message : said}
      </span>
      <span className="ml-auto flex items-center gap-2">
        {newer > 0 && (
          <Button size="sm" look="quiet" onClick={onReload}>
            {plural(newer, "change")}: load them
          </Button>
        )}
        <a href={exportHref} download className={buttonClass("quiet", "sm")}>
          <Download size={14} aria-hidden />
          Export
        </a>
      </span>
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
    <div aria-hidden className="grid gap-px">
      {Array.from({ length: 8 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
        <Skeleton key={index} className="h-14" />
      ))}
    </div>
  );
}

function rest(pages: readonly IssuesResponse[]): number {
  return (pages[0]?.total ?? 0) - pages.reduce((sum, { issues }) => sum + issues.length, 0);
}

function toggled(chosen: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}
