import { Link } from "wouter";
import { useLogs, useRetry } from "../../api/queries";
import type { Entry } from "../../api/types";
import { LINES } from "../../app/routes";
import { plural } from "../../lib/format";
import { ERROR_LEVELS } from "../../lib/levels";
import { useAnchor } from "../../state/anchor";
import { onlyValues } from "../../state/filters";
import { linkTo, useView } from "../../state/useView";
import { formatView } from "../../state/view";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../ui/States";
import { ErrorRow } from "./ErrorRow";
import { useReading } from "./useReading";

const SHOWN = 15;
const NONE: readonly Entry[] = [];

/** The newest lines of level error and worse; each opens in place. */
export function NewestErrors() {
  const { view, setView } = useView();
  const anchor = useAnchor();
  const errorsView = { ...onlyValues(view, "level", ERROR_LEVELS), order: "newest" as const };
  const query = useLogs(errorsView, anchor, { limit: SHOWN });
  const retry = useRetry();
  const page = query.data?.pages[0];
  const reading = useReading(formatView(errorsView), page?.entries ?? NONE);
  const widen = () => setView({ ...view, range: { kind: "relative", spanMs: 24 * 3_600_000 } });
  return (
    <Panel
      title="Newest errors"
      actions={
        <Link href={linkTo(LINES.path, errorsView)} className="rounded-sm px-1 text-accent hover:underline">
          All in Logs
        </Link>
      }
    >
      {page?.partial && <Notice>{page.warnings.join(" ") || "This list is not complete."}</Notice>}
      {query.isError && !page && <ErrorState error={query.error} onRetry={retry} className="min-h-48" />}
      {query.isError && page && <Notice>{query.error.message} Showing what was loaded before.</Notice>}
      {query.isPending && <Placeholder />}
      {page?.entries.length === 0 && (
        <EmptyState
          className="min-h-48"
          title="No errors in this time"
          hint="Nothing of level error or worse arrived."
          actions={<Button onClick={widen}>Look at the last day</Button>}
        />
      )}
      {reading.newer > 0 && (
        <button
          type="button"
          onClick={reading.release}
          className="flex h-8 w-full items-center justify-center border-t border-line text-accent hover:bg-hover pointer-coarse:h-10"
        >
          Show {plural(reading.newer, "newer error")}
        </button>
      )}
      <ul
        data-newest-errors
        onPointerEnter={(event) =>
          event.pointerType === "mouse" && !query.isPlaceholderData && reading.setHovered(true)
        }
        onPointerLeave={() => reading.setHovered(false)}
      >
        {reading.shown.map((entry) => (
          <ErrorRow
            key={entry.id}
            entry={entry}
            open={reading.isOpen(entry)}
            onToggle={() => reading.toggle(entry)}
          />
        ))}
      </ul>
    </Panel>
  );
}

function Placeholder() {
  return (
    <div className="grid gap-2 p-4">
      {Array.from({ length: 6 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
        <Skeleton key={index} className="h-9" />
      ))}
    </div>
  );
}
