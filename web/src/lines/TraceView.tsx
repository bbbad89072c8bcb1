import { useState } from "react";
import { type FrameGroup, foldWords, hasOwnFrames, type Raised, readStack } from "../lib/stack";
import type { TraceLine } from "../lib/traceback";
import { cx } from "../ui/cx";
import { TraceLineText } from "./TraceLineText";

/**
 * A Python traceback as code. A chain of exceptions is a stack, the last one on top; own frames are open, those of
 * libraries folded. What cannot be read as a chain is shown line by line.
 */
export function TraceView({ trace, spaced }: { trace: readonly TraceLine[]; spaced: boolean }) {
  const stack = readStack(trace);
  return (
    <div
      data-traceback
      className={cx("w-max min-w-full font-mono text-code", spaced && "mt-2 border-t border-line pt-2")}
    >
      {stack ? <Stack stack={stack} /> : <Lines lines={trace} />}
    </div>
  );
}

function Stack({ stack }: { stack: readonly Raised[] }) {
  const [open, setOpen] = useState(false);
  const folds = hasOwnFrames(stack);
  return (
    <div className="grid gap-3">
      <p className="sticky left-0 flex w-fit max-w-[calc(100vw-6rem)] flex-wrap items-baseline gap-x-3 font-sans text-meta text-muted">
        <span>Traceback (most recent call last)</span>
        {folds && (
          <button
            type="button"
            aria-pressed={open}
            onClick={() => setOpen(!open)}
            className="rounded-sm text-accent hover:underline pointer-coarse:h-10"
          >
            {open ? "Fold library frames" : "Open library frames"}
          </button>
        )}
      </p>
      {stack.map((raised, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: exceptions have no identity but their place
        <Exception key={index} raised={raised} folds={folds} open={open} />
      ))}
    </div>
  );
}

interface ExceptionProps {
  raised: Raised;
  /** Whether frames of libraries are folded, and whether those are open. */
  folds: boolean;
  open: boolean;
}

function Exception({ raised, folds, open }: ExceptionProps) {
  return (
    <section data-exception={raised.relation} aria-label={raised.type} className="grid gap-1">
      {raised.relation !== "raised" && (
        <p className="border-t border-line pt-2 font-sans text-muted">{raised.relation}</p>
      )}
      <p className="max-w-[min(90ch,calc(100vw-6rem))] whitespace-pre-wrap text-error" dir="auto">
        <span className="font-semibold">{raised.type}</span>
        {raised.message && `: ${raised.message}`}
        {raised.more && <span className="block text-text">{raised.more}</span>}
      </p>
      <div className="grid gap-0.5">
        {raised.groups.map((group, index) =>
          folds && !group.own ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: groups have no identity but their place
            <Folded key={`${index} ${open}`} group={group} open={open} />
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: groups have no identity but their place
            <Frames key={index} group={group} />
          ),
        )}
      </div>
    </section>
  );
}

function Folded({ group, open }: { group: FrameGroup; open: boolean }) {
  return (
    <details open={open} className="border-l-2 border-transparent pl-3">
      <summary className="cursor-pointer rounded-sm font-sans text-muted hover:text-text pointer-coarse:py-2.5">
        {foldWords(group)}
      </summary>
      <Frames group={group} />
    </details>
  );
}

function Frames({ group }: { group: FrameGroup }) {
  return (
    <div className={cx("border-l-2 pl-3", group.own ? "border-accent/50" : "border-transparent")}>
      {group.frames.map(({ frame, below }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: frames have no identity but their place
        <Lines key={index} lines={[frame, ...below]} />
      ))}
    </div>
  );
}

function Lines({ lines }: { lines: readonly TraceLine[] }) {
  return lines.map((line, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
    <div key={index} className="whitespace-pre">
      <TraceLineText line={line} />
    </div>
  ));
}
