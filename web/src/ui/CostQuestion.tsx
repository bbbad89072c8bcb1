import { Gauge } from "lucide-react";
import type { LogsCost } from "../api/types";
import { narrowerSpan } from "../lib/cost";
import { formatBytes } from "../lib/format";
import { describeDuration, lastSpan } from "../lib/time";
import { useAnchor } from "../state/anchor";
import { useView } from "../state/useView";
import type { View } from "../state/view";
import { Button } from "./Button";
import { cx } from "./cx";

interface CostQuestionProps {
  cost: LogsCost;
  /** The range that would be read; by default the page's. */
  bounds?: { startMs: number; endMs: number } | undefined;
  /** What runs it all the same; by default whatever was refused with these filters and this range. */
  onAccept?: () => void;
  /** Called when a shorter range was chosen. */
  onNarrow?: () => void;
  /** For a small part of a view. */
  small?: boolean;
  className?: string | undefined;
}

/** Says what a query would read before it is run, and offers less. */
export function CostQuestion({ cost, bounds, onAccept, onNarrow, small, className }: CostQuestionProps) {
  const { view, setView } = useView();
  const anchor = useAnchor();
  const { startMs, endMs } = bounds ?? anchor;
  const spanMs = endMs - startMs;
  const shorterMs = narrowerSpan(spanMs, cost);
  const narrow = () => {
    setView(ofSpan(view, shorterMs, endMs));
    onNarrow?.();
  };
  const size = small ? "sm" : "md";
  return (
    <div
      role="status"
      data-cost={cost.bytes}
      className={cx(
        "flex items-center justify-center gap-x-3",
        small ? "flex-wrap gap-y-1 text-meta" : "flex-col gap-y-3 p-6 text-center",
        className,
      )}
    >
      {!small && <Gauge size={20} aria-hidden className="text-muted" />}
      <p className={small ? "" : "font-semibold"}>
        Loki would read up to {formatBytes(cost.bytes)} for {describeDuration(spanMs)}
        {small && "."}
      </p>
      {!small && (
        <p className="max-w-prose text-muted">
          That takes a while and slows down everybody else’s queries.{" "}
          {view.request === "" ? "A filter on a service, or a shorter time," : "A shorter time"} makes it
          cheaper.
        </p>
      )}
      <div className="flex flex-wrap justify-center gap-2">
        <Button size={size} look={small ? "outline" : "primary"} onClick={narrow}>
          {view.range.kind === "absolute" ? "Only its last" : "Look at the last"} {lastSpan(shorterMs)}
        </Button>
        <Button size={size} look={small ? "quiet" : "outline"} onClick={onAccept ?? anchor.acceptCost}>
          Run it all the same
        </Button>
      </div>
    </div>
  );
}

// The story of a request looks at a day at least, unless the range is closed.
function ofSpan(view: View, spanMs: number, endMs: number): View {
  const open = view.range.kind === "relative" && view.request === "";
  const range = open
    ? ({ kind: "relative", spanMs } as const)
    : ({ kind: "absolute", startMs: endMs - spanMs, endMs } as const);
  return { ...view, range, line: "" };
}
