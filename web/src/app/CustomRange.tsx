import { type FormEvent, useId, useState } from "react";
import { fromInputTime, toInputTime, zoneOffset } from "../lib/time";
import { useAnchor } from "../state/anchor";
import type { TimeRange } from "../state/view";
import { useZone } from "../state/zone";
import { Button } from "../ui/Button";

export const FIELD =
  "h-8 w-full rounded-md border border-line bg-bg px-2 font-sans text-body pointer-coarse:h-10 pointer-coarse:text-[1rem]";

/** Two times typed by hand, in the zone in which times are shown. */
export function CustomRange({ range, onChoose }: { range: TimeRange; onChoose: (range: TimeRange) => void }) {
  const { startMs, endMs } = useAnchor();
  const [zone] = useZone();
  const [start, setStart] = useState(toInputTime(startMs));
  const [end, setEnd] = useState(toInputTime(endMs));
  const [problem, setProblem] = useState("");
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const from = fromInputTime(start);
    const to = fromInputTime(end);
    if (from === null || to === null) return setProblem("Give both times.");
    if (from >= to) return setProblem("The first time must be before the second.");
    onChoose({ kind: "absolute", startMs: from, endMs: to });
  };
  return (
    <form onSubmit={submit} className="mt-3 grid gap-2 border-t border-line pt-3">
      <label htmlFor={`${id}-from`} className="text-meta text-muted">
        From
      </label>
      <input
        id={`${id}-from`}
        type="datetime-local"
        step="1"
        value={start}
        onChange={(event) => setStart(event.target.value)}
        className={FIELD}
      />
      <label htmlFor={`${id}-to`} className="text-meta text-muted">
        To
      </label>
      <input
        id={`${id}-to`}
        type="datetime-local"
        step="1"
        value={end}
        onChange={(event) => setEnd(event.target.value)}
        className={FIELD}
      />
      {problem && (
        <p role="alert" className="text-error">
          {problem}
        </p>
      )}
      <div className="flex items-center justify-between">
        <span className="text-meta text-muted">
          Times are {zone === "utc" ? "in UTC" : `local, ${zoneOffset(endMs)}`}
        </span>
        <Button type="submit" look={range.kind === "absolute" ? "primary" : "outline"}>
          Show
        </Button>
      </div>
    </form>
  );
}
