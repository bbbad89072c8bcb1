import { Popover } from "radix-ui";
import { type ReactElement, useContext, useState } from "react";
import { describeDuration } from "../lib/time";
import { useView } from "../state/useView";
import type { TimeRange } from "../state/view";
import { Button } from "../ui/Button";
import { OpenAtOnce } from "../ui/openAtOnce";
import { Popup } from "../ui/Popup";
import { CustomRange } from "./CustomRange";
import { PRESETS } from "./presets";
import { TypedRange } from "./TypedRange";

/** A range in a word, usual ones that end now, and two times typed by hand. */
export default function RangeMenu({ trigger }: { trigger: ReactElement }) {
  const { view, setView } = useView();
  const [open, setOpen] = useState(useContext(OpenAtOnce));
  const choose = (range: TimeRange) => {
    setView({ ...view, range, line: "", tail: range.kind === "relative" && view.tail });
    setOpen(false);
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popup align="end" label="Range of time" className="w-80">
        <TypedRange onChoose={choose} />
        <div className="grid grid-cols-4 gap-1">
          {PRESETS.map((spanMs) => (
            <Preset key={spanMs} spanMs={spanMs} range={view.range} onChoose={choose} />
          ))}
        </div>
        <CustomRange range={view.range} onChoose={choose} />
      </Popup>
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
