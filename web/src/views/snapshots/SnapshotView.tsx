import { useEffect } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { useSnapshot } from "../../api/snapshots";
import type { Snapshot, SnapshotContent } from "../../api/types";
import { snapshotPath } from "../../app/routes";
import { keptWords } from "../../lib/frozen";
import { formatExact } from "../../lib/time";
import { parseView } from "../../state/view";
import { buttonClass } from "../../ui/Button";
import { ErrorState, Skeleton } from "../../ui/States";
import { Told } from "../story/Told";
import { FrozenIssueView } from "./FrozenIssueView";
import { FrozenLinesView } from "./FrozenLinesView";

/** What somebody has frozen, as the view showed it then. */
export default function SnapshotView({ id }: { id: string }) {
  const query = useSnapshot(id);
  useFrozenAddress(query.data?.snapshot);
  if (query.isError) {
    return <ErrorState error={query.error} onRetry={() => query.refetch()} className="h-full" />;
  }
  if (!query.data) return <Skeleton className="m-4 h-64" />;
  return (
    <div className="flex h-full flex-col">
      <Banner snapshot={query.data.snapshot} />
      <div className="min-h-0 flex-1">
        <Content {...query.data} />
      </div>
    </div>
  );
}

function Content({ snapshot, content: { lines, issue, story } }: SnapshotContent) {
  if (lines) return <FrozenLinesView frozen={lines} view={parseView(snapshot.view)} />;
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] grid-cols-[minmax(0,1fr)] gap-4 p-3 md:p-6">
        {issue && <FrozenIssueView frozen={issue} at={Date.parse(snapshot.created_at)} />}
        {story && <Told story={story} />}
      </div>
    </div>
  );
}

/** Says that this is not what is now: since when, by whom, how much of it; and leads to what is now. */
function Banner({ snapshot }: { snapshot: Snapshot }) {
  const { title, path, view, created_by, created_at, expires_at } = snapshot;
  const kept = keptWords(snapshot);
  return (
    <header className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-select px-3 py-2 md:px-6">
      <div className="min-w-0">
        <h1 className="truncate font-semibold" dir="auto">
          {title}
        </h1>
        <p data-frozen className="text-meta text-muted">
          Frozen {formatExact(Date.parse(created_at))} by {created_by}
          {kept && `, ${kept}`}.{" "}
          {expires_at ? `Kept until ${formatExact(Date.parse(expires_at))}.` : "Kept for ever."}
        </p>
      </div>
      <Link href={`/${path}?${view}`} className={`${buttonClass("outline", "sm")} ml-auto`}>
        See it as it is now
      </Link>
    </header>
  );
}

/** Shows a bare address of a snapshot with the view that was frozen: its time, columns, words to mark. */
function useFrozenAddress(snapshot: Snapshot | undefined): void {
  const bare = useSearch() === "";
  const [, navigate] = useLocation();
  useEffect(() => {
    if (bare && snapshot?.view) {
      navigate(`${snapshotPath(snapshot.id)}?${snapshot.view}`, { replace: true });
    }
  }, [bare, snapshot, navigate]);
}
