import { useState } from "react";
import { useLocation } from "wouter";
import type { IssueRow as Row } from "../../api/types";
import { issuePath } from "../../app/routes";
import { clearFilters, countFilters } from "../../state/filters";
import { linkTo, useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/States";
import { IssueRow } from "./IssueRow";
import { useIssueKeys } from "./useIssueKeys";

interface IssueListProps {
  issues: readonly Row[];
  stepMs: number;
  chosen: ReadonlySet<number>;
  onChoose: (id: number) => void;
}

/** The rows; j and k move through them, x chooses, Enter opens. */
export function IssueList({ issues, stepMs, chosen, onChoose }: IssueListProps) {
  const { view } = useView();
  const [, navigate] = useLocation();
  const [active, setActive] = useState<number | null>(null);
  const move = (step: number) => {
    const at = issues.findIndex(({ id }) => id === active);
    const next = issues[at < 0 ? 0 : at + step];
    if (!next) return;
    setActive(next.id);
    document.querySelector(`[data-issue="${next.id}"]`)?.scrollIntoView({ block: "nearest" });
  };
  const open = () => active !== null && navigate(linkTo(issuePath(active), view));
  useIssueKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => active !== null && onChoose(active),
    Enter: open,
  });
  if (issues.length === 0) return <NoIssues />;
  return (
    <ul aria-label="Issues">
      {issues.map((issue) => (
        <IssueRow
          key={issue.id}
          issue={issue}
          stepMs={stepMs}
          active={issue.id === active}
          chosen={chosen.has(issue.id)}
          onChoose={() => onChoose(issue.id)}
        />
      ))}
    </ul>
  );
}

function NoIssues() {
  const { view, setView } = useView();
  const narrowed = countFilters(view) + view.states.length + view.assignees.length > 0;
  const widen = () => setView({ ...view, range: { kind: "relative", spanMs: 7 * 86_400_000 } });
  return (
    <EmptyState
      className="h-full"
      title={narrowed ? "No issue fits these filters" : "No errors in this time"}
      hint={
        narrowed
          ? "Take a filter away, or look at a longer time."
          : "Nothing of level error or worse was indexed."
      }
      actions={
        <>
          {narrowed && <Button onClick={() => setView(clearFilters(view))}>Clear the filters</Button>}
          <Button onClick={widen}>Look at the last 7 days</Button>
        </>
      }
    />
  );
}
