import { clearFilters, countFilters } from "../../state/filters";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/States";

/** Says why the list is empty, and what to do about it. */
export function NoIssues() {
  const { view, setView } = useView();
  const narrowed = countFilters(view) + view.marks.length + view.states.length + view.assignees.length > 0;
  const widen = () => setView({ ...view, range: { kind: "relative", spanMs: 7 * 86_400_000 } });
  return (
    <EmptyState
      className="flex-1"
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
