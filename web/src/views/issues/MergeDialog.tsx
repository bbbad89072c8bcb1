import { type FormEvent, useState } from "react";
import { useIssue, useIssueSearch } from "../../api/issues";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";
import type { Acted } from "./IssueActions";

const FOUND = 8;

interface MergeDialogProps {
  issues: readonly Acted[];
  onMerge: (into: number) => void;
  onClose: () => void;
}

/** Asks into which issue others are merged: the oldest of several, or one that is looked for. */
export default function MergeDialog({ issues, onMerge, onClose }: MergeDialogProps) {
  const several = issues.length > 1;
  const [text, setText] = useState("");
  const [into, setInto] = useState(several ? Math.min(...issues.map(({ id }) => id)) : 0);
  const found = useFound(text).filter(({ id }) => several || id !== issues[0]?.id);
  const shown = text === "" && several ? issues : found;
  const possible = shown.some(({ id }) => id === into);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (possible) onMerge(into);
  };
  return (
    <Modal title={several ? "Merge these issues" : "Merge this issue"} place="center" onClose={onClose}>
      <form onSubmit={submit} className="grid gap-3">
        <p className="text-muted">
          Their events are shown as one issue from now on. No event is changed: unmerge takes groups out
          again.
        </p>
        <label className="grid gap-1">
          Into the issue with these words, or this number
          <input
            data-focus
            value={text}
            maxLength={200}
            dir="auto"
            onChange={(event) => setText(event.target.value)}
            className="h-8 rounded-md border border-line bg-bg px-2 pointer-coarse:h-10 pointer-coarse:text-[1rem]"
          />
        </label>
        <Choices issues={shown} into={into} onChoose={setInto} asked={text !== ""} />
        <Button type="submit" look="primary" disabled={!possible}>
          Merge
        </Button>
      </form>
    </Modal>
  );
}

interface ChoicesProps {
  issues: readonly Acted[];
  into: number;
  onChoose: (id: number) => void;
  asked: boolean;
}

function Choices({ issues, into, onChoose, asked }: ChoicesProps) {
  if (issues.length === 0) return asked ? <p className="text-muted">No issue has these words.</p> : null;
  return (
    <fieldset className="grid">
      <legend className="sr-only">Into</legend>
      {issues.map(({ id, title }) => (
        <label key={id} className="flex min-h-8 items-center gap-2 pointer-coarse:min-h-10">
          <input
            type="radio"
            name="into"
            checked={id === into}
            onChange={() => onChoose(id)}
            className="accent-accent"
          />
          <span className="shrink-0 text-muted">#{id}</span>
          <span className="truncate" title={title} dir="auto">
            {title}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** The issues that fit what is typed: the one of that number, or those with these words. */
function useFound(text: string): readonly Acted[] {
  const words = text.trim();
  const number = /^#?(\d{1,15})$/.exec(words)?.[1];
  const one = useIssue(number ?? "", number !== undefined);
  const several = useIssueSearch(number === undefined ? words : "", [], FOUND);
  if (words === "") return [];
  if (number !== undefined) return one.data ? [one.data] : [];
  return several.data?.issues ?? [];
}
