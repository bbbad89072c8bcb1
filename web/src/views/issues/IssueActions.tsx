import { BellOff, Check, RotateCcw, UserRound } from "lucide-react";
import { useState } from "react";
import type { useIssueAction } from "../../api/issues";
import type { IssueAction } from "../../api/types";
import { SNOOZES } from "../../lib/issues";
import { Button } from "../../ui/Button";
import { Menu, MenuItem } from "../../ui/Menu";
import { MergeDialog } from "./MergeDialog";
import { useIssueKeys } from "./useIssueKeys";

interface IssueActionsProps {
  issues: readonly number[];
  /** False where all of them are resolved: then they can be reopened. */
  open: boolean;
  user: string;
  action: ReturnType<typeof useIssueAction>;
  onDone?: (action: IssueAction) => void;
}

/** What can be done with issues; r, s and a do the first of each. */
export function IssueActions({ issues, open, user, action, onDone }: IssueActionsProps) {
  const [merging, setMerging] = useState(false);
  const run = (what: Omit<IssueAction, "issues">) => {
    if (issues.length === 0 || action.isPending) return;
    const all = { ...what, issues: [...issues] };
    action.mutate(all, { onSuccess: () => onDone?.(all) });
  };
  const settle = () => run({ action: open ? "resolve" : "reopen" });
  const snooze = (index: number) => run({ action: "snooze", snooze: SNOOZES[index]?.make(Date.now()) ?? {} });
  useIssueKeys({
    r: settle,
    s: () => snooze(1),
    a: () => run({ action: "assign", assignee: user }),
  });
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <Button size="sm" onClick={settle} disabled={action.isPending}>
        {open ? <Check size={14} aria-hidden /> : <RotateCcw size={14} aria-hidden />}
        {open ? "Resolve" : "Reopen"}
      </Button>
      <Menu
        trigger={
          <Button size="sm" disabled={action.isPending}>
            <BellOff size={14} aria-hidden />
            Snooze
          </Button>
        }
      >
        {SNOOZES.map(({ name }, index) => (
          <MenuItem key={name} onSelect={() => snooze(index)}>
            {name}
          </MenuItem>
        ))}
      </Menu>
      <Menu
        trigger={
          <Button size="sm" disabled={action.isPending}>
            <UserRound size={14} aria-hidden />
            Assign
          </Button>
        }
      >
        <MenuItem onSelect={() => run({ action: "assign", assignee: user })}>To me ({user})</MenuItem>
        <MenuItem onSelect={() => run({ action: "assign", assignee: "" })}>To nobody</MenuItem>
      </Menu>
      <Button size="sm" onClick={() => setMerging(true)} disabled={action.isPending}>
        Merge
      </Button>
      {merging && (
        <MergeDialog
          issues={issues}
          onClose={() => setMerging(false)}
          onMerge={(into) => {
            setMerging(false);
            const from = issues.filter((id) => id !== into);
            const all = { action: "merge" as const, issues: from, into };
            action.mutate(all, { onSuccess: () => onDone?.(all) });
          }}
        />
      )}
    </div>
  );
}
