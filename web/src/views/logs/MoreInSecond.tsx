import { useVolume } from "../../api/queries";
import { formatCount } from "../../lib/format";
import type { SecondGap } from "../../lib/rows";
import { formatClock } from "../../lib/time";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";

interface MoreInSecondProps {
  gap: SecondGap;
  busy: boolean;
  onLoad: () => void;
  /** Goes on behind the second; absent where the list does already. */
  onLeave?: () => void;
}

/** Says how many lines of a second are not loaded, and loads them. */
export function MoreInSecond({ gap, busy, onLoad, onLeave }: MoreInSecondProps) {
  const { view } = useView();
  const { data } = useVolume(view, { startMs: gap.secondMs, endMs: gap.secondMs + 1000 }, "level");
  const more = data ? data.series.reduce((sum, { total }) => sum + total, 0) - gap.loaded : 0;
  return (
    <span data-more={more} className="flex items-center gap-2">
      {more > 0 ? formatCount(more) : "Some"} more in this second ({formatClock(gap.secondMs)})
      <Button size="sm" disabled={busy} onClick={onLoad}>
        {busy ? "Loading …" : "Load"}
      </Button>
      {onLeave && (
        <Button size="sm" look="quiet" disabled={busy} onClick={onLeave}>
          {view.order === "newest" ? "Go on before it" : "Go on after it"}
        </Button>
      )}
    </span>
  );
}
