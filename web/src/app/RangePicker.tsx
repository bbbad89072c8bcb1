import { ChevronDown, Clock } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { describeDuration, formatDay, formatExact, formatMinute } from "../lib/time";
import { useView } from "../state/useView";
import type { TimeRange } from "../state/view";
import { Button } from "../ui/Button";
import { CustomRange } from "./CustomRange";

const MINUTE = 60_000;
const PRESETS = [5, 15, 60, 6 * 60, 24 * 60, 7 * 24 * 60].map((minutes) => minutes * MINUTE);

/** Chooses the range of time of every panel. */
export function RangePicker() {
  const { view, setView } = useView();
  const [open, setOpen] = useState(false);
  const choose = (range: TimeRange) => {
    setView({ ...view, range, line: "", tail: range.kind === "relative" && view.tail });
    setOpen(false);
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button look="plain" className="max-w-44 shrink-0 sm:max-w-none" title={exactTitle(view.range)}>
          <Clock size={14} className="hidden shrink-0 text-muted sm:block" aria-hidden />
          <span className="truncate">{rangeName(view.range)}</span>
          <ChevronDown size={14} className="shrink-0 text-muted" aria-hidden />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label="Range of time"
          className="z-40 w-80 max-w-[calc(100vw-1rem)] rounded-md border border-line bg-panel p-3 shadow-overlay"
        >
          <div className="grid grid-cols-3 gap-1">
            {PRESETS.map((spanMs) => (
              <Preset key={spanMs} spanMs={spanMs} range={view.range} onChoose={choose} />
            ))}
          </div>
          <CustomRange range={view.range} onChoose={choose} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Preset({
  spanMs,
  range,
  onChoose,
}: {
  spanMs: number;
  range: TimeRange;
  onChoose: (range: TimeRange) => void;
}) {
  const chosen = range.kind === "relative" && range.spanMs === spanMs;
  return (
    <Button look="quiet" aria-pressed={chosen} onClick={() => onChoose({ kind: "relative", spanMs })}>
      {describeDuration(spanMs)}
    </Button>
  );
}

function rangeName(range: TimeRange): string {
  if (range.kind === "relative") return `Last ${describeDuration(range.spanMs)}`;
  const { startMs, endMs } = range;
  const sameDay = formatDay(startMs) === formatDay(endMs);
  if (sameDay && endMs - startMs < 10 * MINUTE) {
    return `${formatExact(startMs).slice(5)} – ${formatExact(endMs).slice(11)}`;
  }
  const end = sameDay ? formatMinute(endMs) : `${formatDay(endMs).slice(5)} ${formatMinute(endMs)}`;
  return `${formatDay(startMs).slice(5)} ${formatMinute(startMs)} – ${end}`;
}

function exactTitle(range: TimeRange): string | undefined {
  return range.kind === "absolute"
    ? `${formatExact(range.startMs)} – ${formatExact(range.endMs)}`
    : undefined;
}
