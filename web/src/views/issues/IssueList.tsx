import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { UserCount } from "../../api/issues";
import type { IssueRow as Row } from "../../api/types";
import { issuePath } from "../../app/routes";
import { describeSpan, formatExact } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { linkTo, useView } from "../../state/useView";
import { formatView } from "../../state/view";
import { COUNT, IssueRow, LAST, ROW_PX, SPARK, STATE, USERS } from "./IssueRow";
import { useIssueKeys } from "./useIssueKeys";
import { useLeaving, usePlace } from "./usePlace";

const NEAR_END_ROWS = 20;
const HOUR_MS = 3_600_000;

interface IssueListProps {
  /** The issues that are loaded, of `total`. */
  issues: readonly Row[];
  total: number;
  users: ReadonlyMap<number, UserCount>;
  /** Where the sparklines begin, and the width of a bar. */
  seriesStart: number;
  stepMs: number;
  chosen: ReadonlySet<number>;
  onChoose: (id: number) => void;
  onChooseAll: () => void;
  /** Called while the end of the loaded issues is near; absent when there are no more. */
  onNearEnd: (() => void) | undefined;
}

/** The rows, of which only those in view are in the page; j and k move through them, x chooses, Enter opens. */
export function IssueList(props: IssueListProps) {
  const { issues, total, users, chosen, onChoose, onNearEnd } = props;
  const { view } = useView();
  const scroller = useRef<HTMLDivElement>(null);
  const [left, leave] = usePlace(`issues ${formatView(view)}`);
  const virtual = useVirtualizer({
    count: issues.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => issues[index]?.id ?? index,
    estimateSize: () => ROW_PX,
    initialOffset: left.offset,
    overscan: 10,
  });
  const active = useActive(issues, left.active, onChoose, (index) => virtual.scrollToIndex(index));
  useLeaving(() => leave({ offset: virtual.scrollOffset ?? 0, active }));
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (lastIndex >= issues.length - NEAR_END_ROWS) onNearEnd?.();
  }, [lastIndex, issues.length, onNearEnd]);
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
      <Columns {...props} />
      <ul aria-label="Issues" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const issue = issues[item.index];
          if (!issue) return null;
          return (
            <li
              key={item.key}
              data-issue={issue.id}
              aria-current={issue.id === active || undefined}
              aria-setsize={total}
              aria-posinset={item.index + 1}
              className="absolute inset-x-0 top-0"
              style={{ height: ROW_PX, transform: `translateY(${item.start}px)` }}
            >
              <IssueRow
                issue={issue}
                href={linkTo(issuePath(issue.id), view)}
                users={users.get(issue.id)}
                stepMs={props.stepMs}
                active={issue.id === active}
                chosen={chosen.has(issue.id)}
                onChoose={onChoose}
              />
            </li>
          );
        })}
      </ul>
      {onNearEnd && <p className="p-3 text-center text-meta text-muted">Loading more …</p>}
    </div>
  );
}

/** What the columns are, and the box that chooses all that are loaded. */
function Columns({ issues, chosen, seriesStart, onChooseAll }: IssueListProps) {
  const isAll = issues.every(({ id }) => chosen.has(id));
  const { endMs } = useAnchor();
  const span = describeSpan(endMs - seriesStart - ((endMs - seriesStart) % HOUR_MS));
  return (
    <div className="sticky top-0 z-20 flex h-7 items-center gap-2 border-b border-line bg-bg pointer-coarse:h-10 pr-3 text-meta text-muted md:gap-3 md:pr-4">
      <span className="w-[3px] shrink-0" />
      <label className="flex h-full w-6 shrink-0 items-center justify-center pointer-coarse:w-10">
        <input
          type="checkbox"
          ref={(box) => {
            // No attribute says it; screen readers hear "mixed".
            if (box) box.indeterminate = chosen.size > 0 && !isAll;
          }}
          checked={isAll}
          onChange={onChooseAll}
          aria-label="Choose all that are loaded"
          className="size-4 accent-accent"
        />
      </label>
      <span className="flex-1">Issue</span>
      <span className={SPARK} title={`Events since ${formatExact(seriesStart)}`}>
        {span}
      </span>
      <span className={COUNT}>Events</span>
      <span className={USERS}>Users</span>
      <span className={LAST}>Last seen</span>
      <span className={STATE}>State</span>
    </div>
  );
}

/** The row that the keys are about, moved by them. */
function useActive(
  issues: readonly Row[],
  first: number | null,
  onChoose: (id: number) => void,
  show: (index: number) => void,
) {
  const { view } = useView();
  const [, navigate] = useLocation();
  const [active, setActive] = useState(first);
  const move = (step: number) => {
    const at = issues.findIndex(({ id }) => id === active);
    const index = at < 0 ? 0 : at + step;
    const next = issues[index];
    if (!next) return;
    setActive(next.id);
    show(index);
  };
  const open = () => active !== null && navigate(linkTo(issuePath(active), view));
  useIssueKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => active !== null && onChoose(active),
    Enter: open,
  });
  return active;
}
