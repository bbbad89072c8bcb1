import { type FormEvent, useState } from "react";
import { fromInputTime, toInputTime, zoneOffset } from "../lib/time";
import { useAnchor } from "../state/anchor";
import type { TimeRange } from "../state/view";
import { useZone } from "../state/zone";
import { Button } from "../ui/Button";

/** How a field of the menu looks. */
export const FIELD =
  "h-8 w-full min-w-0 rounded-md border border-line bg-bg px-2 font-sans text-body text-text pointer-coarse:h-10 pointer-coarse:text-[1rem]";

/** Two times typed by hand, in the zone in which times are shown. */
export function CustomRange({ range, onChoose }: { range: TimeRange; onChoose: (range: TimeRange) => void }) {
  const { startMs, endMs } = useAnchor();
  const [zone] = useZone();
  const [start, setStart] = useState(toInputTime(startMs));
  const [end, setEnd] = useState(toInputTime(endMs));
  const [problem, setProblem] = useState("");
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
      <Time label="From" value={start} onChange={setStart} />
      <Time label="To" value={end} onChange={setEnd} />
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

function Time({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <label className="grid gap-2 text-meta text-muted">
      {label}
      <input
        type="datetime-local"
        step="1"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={FIELD}
      />
    </label>
  );
}
