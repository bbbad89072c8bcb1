import { BellOff, Check, Merge, RotateCcw } from "lucide-react";
import { useState } from "react";
import type { useIssueAction } from "../../api/issues";
import type { IssueAction, IssueRow } from "../../api/types";
import { Button } from "../../ui/Button";
import { lazily, Meanwhile } from "../../ui/lazily";
import { AssignMenu } from "./AssignMenu";
import { useIssueKeys } from "./useIssueKeys";

const MergeDialog = lazily(() => import("./MergeDialog"));
const SnoozeDialog = lazily(() => import("./SnoozeDialog"));

/** What of an issue the actions need. */
export type Acted = Pick<IssueRow, "id" | "title" | "state">;

interface IssueActionsProps {
  issues: readonly Acted[];
  user: string;
  action: ReturnType<typeof useIssueAction>;
  onDone?: (action: IssueAction) => void;
}

/** What can be done with issues. r resolves or reopens, s asks how long to snooze, a assigns to oneself. */
export function IssueActions({ issues, user, action, onDone }: IssueActionsProps) {
  const [dialog, setDialog] = useState<"snooze" | "merge" | null>(null);
  const ids = issues.map(({ id }) => id);
  const isBusy = action.isPending;
  const run = (what: Omit<IssueAction, "issues">, of = ids) => {
    if (isBusy) return; // a dialog stays, so that what was chosen in it is not lost
    setDialog(null);
    if (of.length === 0) return;
    const all = { ...what, issues: of };
    action.mutate(all, { onSuccess: () => onDone?.(all) });
  };
  const open = issues.some(({ state }) => state !== "resolved");
  const settle = () => run({ action: open ? "resolve" : "reopen" });
  const assign = (assignee: string) => run({ action: "assign", assignee });
  useIssueKeys({ r: settle, s: () => setDialog("snooze"), a: () => assign(user) });
  // A button that is disabled loses the focus: these only say that they are.
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <Button size="sm" onClick={settle} aria-disabled={isBusy}>
        {open ? (
          <Check size={14} aria-hidden className="max-sm:hidden" />
        ) : (
          <RotateCcw size={14} aria-hidden className="max-sm:hidden" />
        )}
        {open ? "Resolve" : "Reopen"}
      </Button>
      <Button size="sm" onClick={() => setDialog("snooze")}>
        <BellOff size={14} aria-hidden className="max-sm:hidden" />
        Snooze
      </Button>
      <AssignMenu user={user} isBusy={isBusy} onAssign={assign} />
      <Button size="sm" onClick={() => setDialog("merge")}>
        <Merge size={14} aria-hidden className="max-sm:hidden" />
        Merge
      </Button>
      <Meanwhile value={null}>
        {dialog === "snooze" && (
          <SnoozeDialog
            count={ids.length}
            onSnooze={(snooze) => run({ action: "snooze", snooze })}
            onClose={() => setDialog(null)}
          />
        )}
        {dialog === "merge" && (
          <MergeDialog
            issues={issues}
            onMerge={(into) =>
              run(
                { action: "merge", into },
                ids.filter((id) => id !== into),
              )
            }
            onClose={() => setDialog(null)}
          />
        )}
      </Meanwhile>
    </div>
  );
}
