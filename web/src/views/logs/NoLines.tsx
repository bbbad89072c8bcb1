import { formatExact, formatSecond, lastSpan } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { clearFilters, countFilters } from "../../state/filters";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/States";

const DAY_MS = 86_400_000;

/** No line fits: says so and offers the two ways on. */
export function NoLines() {
  const { view, setView } = useView();
  const { startMs, endMs } = useAnchor();
  const filters = countFilters(view);
  const when =
    view.range.kind === "relative"
      ? `in the last ${lastSpan(view.range.spanMs)}`
      : `from ${formatSecond(startMs)} to ${formatExact(endMs)}`;
  return (
    <EmptyState
      className="h-full"
      title={`No lines ${when}`}
      hint={
        filters > 0
          ? "Nothing in this time fits all the filters together."
          : "Nothing arrived in this time. The overview says whether the collector and Loki work."
      }
      actions={
        <>
          {filters > 0 && <Button onClick={() => setView(clearFilters(view))}>Clear the filters</Button>}
          {endMs - startMs < DAY_MS && (
            <Button onClick={() => setView({ ...view, range: { kind: "relative", spanMs: DAY_MS } })}>
              Look at the last day
            </Button>
          )}
        </>
      }
    />
  );
}
