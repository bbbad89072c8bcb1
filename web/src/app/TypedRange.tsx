import { type FormEvent, useId, useState } from "react";
import { typedRange } from "../lib/typedRange";
import type { TimeRange } from "../state/view";
import { FIELD } from "./CustomRange";

/** A range said in a word: how far back, or a time of day. */
export function TypedRange({ onChoose }: { onChoose: (range: TimeRange) => void }) {
  const [text, setText] = useState("");
  const [isWrong, setIsWrong] = useState(false);
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const range = typedRange(text, Date.now());
    if (range) onChoose(range);
    setIsWrong(range === null);
  };
  return (
    <form onSubmit={submit} className="mb-2 grid gap-1">
      <input
        aria-label="Span or time of day"
        aria-invalid={isWrong}
        aria-describedby={isWrong ? id : undefined}
        placeholder="90m, 3h, 2 days, 11:08 …"
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setIsWrong(false);
        }}
        className={FIELD}
      />
      {isWrong && (
        <p role="alert" id={id} className="text-error">
          Give a span such as 90m or 3h, or a time such as 11:08.
        </p>
      )}
    </form>
  );
}
