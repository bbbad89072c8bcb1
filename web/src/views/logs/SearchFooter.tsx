import { errorText } from "../../api/client";
import type { useLogs } from "../../api/queries";
import { formatBytes, plural } from "../../lib/format";
import { describeDuration, formatExact } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { MoreInSecond } from "./MoreInSecond";
import type { SecondGaps } from "./useSecondGaps";

interface SearchFooterProps {
  query: ReturnType<typeof useLogs>;
  count: number;
  gaps: SecondGaps;
}

/** The end of the list: more to load, loading, failed, or the end of the range. */
export function SearchFooter({ query, count, gaps }: SearchFooterProps) {
  const { view, setView } = useView();
  const { startMs, endMs } = useAnchor();
  const older = view.order === "newest";
  if (query.isFetchingNextPage) return <Bar>Loading {older ? "older" : "newer"} lines …</Bar>;
  if (query.isError) {
    return (
      <Bar>
        <span className="text-error">{errorText(query.error)}</span>
        <Button onClick={() => query.fetchNextPage()}>Retry</Button>
      </Bar>
    );
  }
  const { atEnd } = gaps;
  if (atEnd) {
    return (
      <Bar>
        <MoreInSecond
          gap={atEnd}
          busy={gaps.busy !== null}
          onLoad={() => query.fetchNextPage()}
          onLeave={() => gaps.leave(atEnd)}
        />
      </Bar>
    );
  }
  if (query.hasNextPage) {
    return (
      <Bar>
        <Button onClick={() => query.fetchNextPage()}>Load {older ? "older" : "newer"} lines</Button>
      </Bar>
    );
  }
  const spanMs = Math.min((endMs - startMs) * 4, 7 * 86_400_000);
  const read = query.data?.pages.reduce((sum, { stats }) => sum + stats.bytes_processed, 0) ?? 0;
  return (
    <Bar>
      {plural(count, "line")} since {formatExact(startMs)}, {formatBytes(read)} read.
      {older && view.range.kind === "relative" && spanMs > endMs - startMs && (
        <Button onClick={() => setView({ ...view, range: { kind: "relative", spanMs } })}>
          Look back {describeDuration(spanMs)}
        </Button>
      )}
    </Bar>
  );
}

function Bar({ children }: { children: React.ReactNode }) {
  return (
    <div
      role="status"
      className="flex min-h-14 flex-wrap items-center justify-center gap-3 p-2 text-meta text-muted"
    >
      {children}
    </div>
  );
}
