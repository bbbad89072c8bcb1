import { useMemo } from "react";
import { useRetry, viewParams } from "../../api/queries";
import { plural } from "../../lib/format";
import { buildRows } from "../../lib/rows";
import { useView } from "../../state/useView";
import { useZone } from "../../state/zone";
import { EmptyState, ErrorState } from "../../ui/States";
import { LineGrid } from "./LineGrid";
import { ListPlaceholder } from "./ListPlaceholder";
import { TailBar } from "./TailBar";
import { useListedLines } from "./useListedLines";
import { useTail } from "./useTail";

/** The lines as they arrive, the newest at the bottom; scrolling up holds them still. */
export function TailList() {
  const { view } = useView();
  const [zone] = useZone();
  const query = useListedLines();
  const retry = useRetry();
  const seed = query.isPlaceholderData ? undefined : query.data?.pages[0]?.entries;
  const tail = useTail(viewParams(view), seed);
  // biome-ignore lint/correctness/useExhaustiveDependencies: days begin with the zone
  const rows = useMemo(() => buildRows(tail.entries), [tail.entries, zone]);

  const { paused, pause, resume } = tail;
  // The same object while only lines arrive: during a pause the list is not drawn again for them.
  const follow = useMemo(
    () => ({ active: !paused, onLeave: pause, onReturn: resume }),
    [paused, pause, resume],
  );

  if (query.isError) return <ErrorState error={query.error} onRetry={retry} className="h-full" />;
  if (!seed) return <ListPlaceholder />;
  return (
    <div className="relative flex h-full flex-col" data-tail={tail.state}>
      {rows.length === 0 ? (
        <EmptyState
          className="flex-1"
          title="Waiting for the first line"
          hint="Lines that fit the filters appear here as they arrive."
        />
      ) : (
        <LineGrid rows={rows} before={tail.before} follow={follow} />
      )}
      {paused && (
        <button
          type="button"
          onClick={resume}
          className="absolute bottom-11 left-1/2 -translate-x-1/2 rounded-full border border-accent bg-panel px-4 py-1.5 font-semibold text-accent shadow-overlay pointer-coarse:py-2.5"
        >
          {tail.pending > 0 ? `${plural(tail.pending, "new line")} ↓` : "Back to the newest ↓"}
        </button>
      )}
      <TailBar tail={tail} />
    </div>
  );
}
