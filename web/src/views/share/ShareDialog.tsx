import { useState } from "react";
import { resolve } from "../../lib/base";
import { formatClock, formatDay, formatSecond, lastSpan, zoneOffset } from "../../lib/time";
import { fixedView, movingView, type Shown, seenBounds } from "../../state/share";
import { linkTo } from "../../state/useView";
import type { View } from "../../state/view";
import { CopyButton } from "../../ui/CopyButton";
import { Modal } from "../../ui/Modal";
import { FreezeForm } from "./FreezeForm";
import { useShown } from "./useShown";

/** A link to what is seen, to this time for good or always to the newest; and a copy that stays. */
export default function ShareDialog({ onClose }: { onClose: () => void }) {
  const shown = useShown();
  const [now] = useState(Date.now); // the link must not change while one reads it
  const [moving, setMoving] = useState(false);
  const view = moving ? movingView(shown) : fixedView(shown, now);
  const href = resolve(linkTo(shown.path, view).slice(1)).href;
  return (
    <Modal title="Share this view" place="center" onClose={onClose}>
      <div className="grid gap-3">
        {shown.view.range.kind === "relative" && (
          <fieldset className="grid gap-1">
            <legend className="sr-only">Which time the link shows</legend>
            <Choice
              name="This time"
              note={timeNote(shown, now)}
              on={!moving}
              onChoose={() => setMoving(false)}
            />
            <Choice
              name={movingName(shown.view)}
              note="whenever the link is followed"
              on={moving}
              onChoose={() => setMoving(true)}
            />
          </fieldset>
        )}
        <div className="flex gap-2">
          <input
            readOnly
            aria-label="The link"
            value={href}
            onFocus={(event) => event.target.select()}
            className="h-7 min-w-0 flex-1 rounded-md border border-line bg-bg px-2 font-mono text-code pointer-coarse:h-10"
          />
          <CopyButton words focus label="Copy link" text={href} />
        </div>
        <FreezeForm shown={shown} now={now} onLeave={onClose} />
      </div>
    </Modal>
  );
}

interface ChoiceProps {
  name: string;
  note: string;
  on: boolean;
  onChoose: () => void;
}

function Choice({ name, note, on, onChoose }: ChoiceProps) {
  return (
    <label className="flex min-h-7 flex-wrap items-center gap-x-2 pointer-coarse:min-h-10">
      <input type="radio" name="time" checked={on} onChange={onChoose} className="size-4 accent-accent" />
      {name}
      <span className="text-meta text-muted">{note}</span>
    </label>
  );
}

function timeNote(shown: Shown, now: number): string {
  const { startMs, endMs } = seenBounds(shown, now);
  const end = formatDay(startMs) === formatDay(endMs) ? formatClock(endMs) : formatSecond(endMs);
  return `${formatSecond(startMs)} – ${end} ${zoneOffset(endMs)}`;
}

function movingName({ tail, range }: View): string {
  if (tail) return "The live tail";
  return range.kind === "relative" ? `Always the last ${lastSpan(range.spanMs)}` : "";
}
