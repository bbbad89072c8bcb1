import { Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { useSession } from "../../api/queries";
import { useDeleteSnapshot, useSnapshots } from "../../api/snapshots";
import type { Snapshot } from "../../api/types";
import { snapshotPath } from "../../app/routes";
import { formatBytes, plural } from "../../lib/format";
import { keptWords, kindWords } from "../../lib/frozen";
import { formatExact } from "../../lib/time";
import { Button, IconButton } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";

/** What all users have frozen, the newest first. */
export default function SnapshotsView() {
  const query = useSnapshots();
  const snapshots = query.data?.snapshots ?? [];
  const bytes = snapshots.reduce((sum, one) => sum + one.bytes, 0);
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[70rem] gap-4 p-3 md:p-6">
        <h1 className="text-value font-semibold sm:text-title">Snapshots</h1>
        <p className="max-w-prose text-muted">
          Logs, events of issues and stories of requests as they were when somebody froze them, by “Share this
          view”. They stay when Loki has deleted the lines.
        </p>
        {query.isError && query.data && (
          <Notice>{query.error.message} Showing what was loaded before.</Notice>
        )}
        <Panel
          title="Frozen"
          note={query.data && `${plural(snapshots.length, "snapshot")}, ${formatBytes(bytes)} on disk`}
        >
          {query.isPending && <Skeleton className="m-4 h-24" />}
          {query.isError && !query.data && (
            <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-32" />
          )}
          {query.data && snapshots.length === 0 && (
            <EmptyState
              title="Nobody has frozen anything yet"
              hint="Open logs, an issue or the story of a request, and choose “Share this view”."
            />
          )}
          <ul>
            {snapshots.map((one) => (
              <Row key={one.id} snapshot={one} />
            ))}
          </ul>
        </Panel>
      </div>
    </div>
  );
}

function Row({ snapshot }: { snapshot: Snapshot }) {
  const remove = useDeleteSnapshot();
  const [asked, setAsked] = useState(false);
  const admin = useSession().data?.user.role === "admin";
  const { id, title, own, created_by, created_at, expires_at } = snapshot;
  return (
    <li data-snapshot={id} className="flex items-center gap-2 border-t border-line pr-2 pl-4 hover:bg-hover">
      <Link href={snapshotPath(id)} className="min-w-0 flex-1 py-1.5 pointer-coarse:py-2.5">
        <span className="block truncate" dir="auto">
          {title}
        </span>
        <span className="block text-meta text-muted">
          {[kindWords(snapshot), keptWords(snapshot)].filter(Boolean).join(" · ")} · frozen{" "}
          <TimeAgo ms={Date.parse(created_at)} /> by {own ? "you" : created_by} ·{" "}
          {expires_at ? (
            <span title={formatExact(Date.parse(expires_at))}>
              goes <TimeAgo ms={Date.parse(expires_at)} />
            </span>
          ) : (
            "kept for ever"
          )}
        </span>
        {remove.isError && (
          <span role="alert" className="block text-meta text-error">
            {remove.error.message}
          </span>
        )}
      </Link>
      {(own || admin) && !asked && (
        <IconButton label={`Delete ${title}`} onClick={() => setAsked(true)}>
          <Trash2 size={14} aria-hidden />
        </IconButton>
      )}
      {asked && (
        <>
          <Button size="sm" autoFocus disabled={remove.isPending} onClick={() => setAsked(false)}>
            Keep
          </Button>
          <Button
            size="sm"
            className="text-error"
            disabled={remove.isPending}
            onClick={() => remove.mutate(id)}
          >
            Delete for good
          </Button>
        </>
      )}
    </li>
  );
}
