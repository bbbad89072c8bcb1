import type { IssueState } from "../../api/types";
import { formatShort } from "../../lib/format";
import { useView } from "../../state/useView";
import { ISSUE_SORTS, ISSUE_STATES, type IssueSort, type View } from "../../state/view";
import { cx } from "../../ui/cx";
import { Segmented } from "../../ui/Segmented";
import { FilterChips } from "../logs/FilterChips";

const SORT_WORDS: Record<IssueSort, string> = { last: "Last seen", first: "Newest", events: "Most events" };

interface IssueFiltersProps {
  user: string;
  /** How many issues are in each state. */
  counts: Readonly<Record<string, number>> | undefined;
}

/** The filters in force, state, assignee and the order of the list, in one line and all in the address. */
export function IssueFilters({ user, counts }: IssueFiltersProps) {
  const { view, setView } = useView();
  const toggle = (state: IssueState) => setView({ ...view, states: toggled(view.states, state) });
  return (
    <div className="relative -mx-2 flex items-center gap-3 overflow-x-auto px-2 py-0.5 [scrollbar-width:none] md:-mx-4 md:px-4">
      <FilterChips of="issues" className="shrink-0 flex-nowrap!" />
      <fieldset className="flex gap-1">
        <legend className="sr-only">State</legend>
        {ISSUE_STATES.map((state) => (
          <Chip key={state} on={view.states.includes(state)} onClick={() => toggle(state)}>
            {state}
            {counts && <span className="ml-1 font-normal text-muted">{formatShort(counts[state] ?? 0)}</span>}
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
        {view.assignees
          .filter((name) => name !== "" && name !== user)
          .map((name) => (
            <Chip
              key={name}
              on
              onClick={() => setView({ ...view, assignees: toggled(view.assignees, name) })}
            >
              {name}
            </Chip>
          ))}
      </fieldset>
      <div className="ml-auto shrink-0">
        <Segmented
          label="Order"
          value={view.sort}
          options={ISSUE_SORTS.map((value) => ({ value, label: SORT_WORDS[value] }))}
          onChange={(sort) => setView({ ...view, sort }, { replace: true })}
        />
      </div>
    </div>
  );
}

function Chip({ on, onClick, children }: { on: boolean; onClick: () => void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={onClick}
      className={cx(
        "h-6 rounded-full border px-2.5 text-meta whitespace-nowrap pointer-coarse:h-10",
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
