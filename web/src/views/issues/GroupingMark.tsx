import { Info } from "lucide-react";
import { useRef } from "react";
import { lazily, Meanwhile } from "../../ui/lazily";
import { usePeek } from "../../ui/usePeek";

const GroupingPeek = lazily(() => import("./GroupingPeek"));

/** The info mark of a title: why its events are one issue, while hovered or focused, and on click. */
export function GroupingMark({ id }: { id: number }) {
  const mark = useRef<HTMLButtonElement>(null);
  const { open, onOpenChange, trigger } = usePeek();
  return (
    <>
      <button
        ref={mark}
        type="button"
        aria-label={`Why issue ${id} is one`}
        aria-expanded={open}
        className="relative z-10 flex size-5 shrink-0 items-center justify-center rounded-sm text-muted hover:text-text pointer-coarse:-my-2.5 pointer-coarse:size-10"
        {...trigger}
      >
        <Info size={13} aria-hidden />
      </button>
      {/* Lists have many marks: what opens is made when it opens. */}
      {open && (
        <Meanwhile value={null}>
          <GroupingPeek id={id} mark={mark} onOpenChange={onOpenChange} />
        </Meanwhile>
      )}
    </>
  );
}
