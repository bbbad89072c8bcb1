import { type FormEvent, useState } from "react";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";

interface MergeDialogProps {
  issues: readonly number[];
  onMerge: (into: number) => void;
  onClose: () => void;
}

/** Asks into which issue others are merged: the oldest of several, or any by its number. */
export function MergeDialog({ issues, onMerge, onClose }: MergeDialogProps) {
  const [text, setText] = useState(issues.length > 1 ? String(Math.min(...issues)) : "");
  const into = Number(text);
  const possible = Number.isInteger(into) && into > 0 && issues.some((id) => id !== into);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (possible) onMerge(into);
  };
  return (
    <Modal
      title={issues.length > 1 ? "Merge these issues" : "Merge this issue"}
      place="center"
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-3">
        <p className="text-muted">
          Their events are shown as one issue from now on. No event is changed: unmerge takes groups out
          again.
        </p>
        <label className="grid gap-1">
          Into the issue with the number
          <input
            // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type this
            autoFocus
            inputMode="numeric"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="h-8 rounded-md border border-line bg-bg px-2 pointer-coarse:h-10 pointer-coarse:text-[1rem]"
          />
        </label>
        <Button type="submit" look="primary" disabled={!possible}>
          Merge
        </Button>
      </form>
    </Modal>
  );
}
