import { useView } from "../../state/useView";
import { ISSUE_SORTS, ISSUE_STATES, type IssueSort, type View } from "../../state/view";
import { cx } from "../../ui/cx";
import { Segmented } from "../../ui/Segmented";

const SORT_WORDS: Record<IssueSort, string> = { last: "Last seen", first: "Newest", events: "Most events" };

/** State, assignee and order of the list, all in the address. */
export function IssueFilters({ user }: { user: string }) {
  const { view, setView } = useView();
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      <fieldset className="flex flex-wrap gap-1">
        <legend className="sr-only">State</legend>
        {ISSUE_STATES.map((state) => (
          <Chip
            key={state}
            on={view.states.includes(state)}
            onClick={() => setView({ ...view, states: toggled(view.states, state) })}
          >
            {state}
          </Chip>
        ))}
      </fieldset>
      <fieldset className="flex gap-1">
        <legend className="sr-only">Assignee</legend>
        <Chip on={isOnly(view, user)} onClick={() => setView(onlyAssignee(view, user))}>
          mine
        </Chip>
        <Chip on={isOnly(view, "")} onClick={() => setView(onlyAssignee(view, ""))}>
          unassigned
        </Chip>
      </fieldset>
      <Segmented
        label="Order"
        value={view.sort}
        options={ISSUE_SORTS.map((value) => ({ value, label: SORT_WORDS[value] }))}
        onChange={(sort) => setView({ ...view, sort }, { replace: true })}
      />
    </div>
  );
}

function Chip({ on, onClick, children }: { on: boolean; onClick: () => void; children: string }) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={onClick}
      className={cx(
        "h-6 rounded-full border px-2.5 text-meta pointer-coarse:h-9",
        on ? "border-accent/40 bg-select font-semibold" : "border-line text-muted hover:text-text",
      )}
    >
      {children}
    </button>
  );
}

function toggled<T>(values: readonly T[], value: T): T[] {
  return values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
}

function isOnly(view: View, name: string): boolean {
  return view.assignees.length === 1 && view.assignees[0] === name;
}

function onlyAssignee(view: View, name: string): View {
  return { ...view, assignees: isOnly(view, name) ? [] : [name] };
}
