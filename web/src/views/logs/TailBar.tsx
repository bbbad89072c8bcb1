import { formatCount, plural } from "../../lib/format";
import { VerdictMark } from "../../ui/Verdict";
import type { Tail } from "./useTail";

/** What the tail is doing, and anything it had to leave out, with the number. */
export function TailBar({ tail }: { tail: Tail }) {
  const { verdict, words } = describe(tail);
  return (
    <div
      role="status"
      className="flex min-h-8 items-center gap-2 border-t border-line bg-panel px-4 py-1 text-meta"
    >
      <VerdictMark verdict={verdict} size={8} />
      <span className="min-w-0 truncate">{words}</span>
      <span className="ml-auto flex shrink-0 gap-3 text-muted">
        {tail.droppedByServer > 0 && (
          <span className="text-warn">
            {plural(tail.droppedByServer, "line")} left out: too many for this view
          </span>
        )}
        {tail.droppedHere > 0 && (
          <span className="text-warn">{plural(tail.droppedHere, "line")} left out during the pause</span>
        )}
        <span>{formatCount(tail.before + tail.entries.length)} shown</span>
      </span>
    </div>
  );
}

function describe(tail: Tail): { verdict: "ok" | "warning" | "critical" | "no_data"; words: string } {
  if (tail.state === "failed") return { verdict: "critical", words: tail.message };
  if (tail.state === "reconnecting")
    return { verdict: "warning", words: tail.message || "Connecting again …" };
  if (tail.state === "connecting") return { verdict: "no_data", words: "Connecting …" };
  if (tail.paused) return { verdict: "ok", words: "Paused while you read; new lines are kept" };
  return { verdict: "ok", words: "Live, newest at the bottom" };
}
