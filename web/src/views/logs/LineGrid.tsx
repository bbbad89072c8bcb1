import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from "react";
import type { Row } from "../../lib/rows";
import { useIsNarrow } from "../../state/useMedia";
import { useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { LineRow } from "./LineRow";
import { useFollowEnd } from "./useFollowEnd";
import { useGridKeys } from "./useGridKeys";
import { useTarget } from "./useTarget";

const ROW_PX = 22;
const NARROW_ROW_PX = 44;
const OPEN_PX = 360;
const NEAR_END_ROWS = 30;

interface LineGridProps {
  rows: readonly Row[];
  /** Shown after the last row. */
  footer?: ReactNode;
  /** A row to open and show once it is there. */
  targetId?: string;
  /** Called while the end of the list is near; absent when there is no more. */
  onNearEnd?: (() => void) | undefined;
  /** Keeps the end in view as rows arrive; told when the reader leaves the end and comes back. */
  follow?: { active: boolean; onLeave: () => void; onReturn: () => void };
}

/** The virtualised list of lines: only what is in view is in the page, whatever the number of rows. */
export function LineGrid({ rows, footer, targetId = "", onNearEnd, follow }: LineGridProps) {
  const { view } = useView();
  const narrow = useIsNarrow();
  const scroller = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState("");
  const id = useId();
  const rowPx = narrow ? NARROW_ROW_PX : ROW_PX;
  const onLeave = follow?.onLeave;

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) => rowSize(rows[index], rowPx, open),
    overscan: 12,
  });
  const items = virtual.getVirtualItems();

  const toggle = useCallback(
    (key: string, index: number) => {
      setOpen((old) => {
        const next = new Set(old);
        if (!next.delete(key)) next.add(key);
        return next;
      });
      setActive(key);
      onLeave?.();
      virtual.resizeItem(index, rowPx);
    },
    [onLeave, rowPx, virtual],
  );
  useTarget(targetId, rows, virtual, (key) => {
    setOpen(new Set([key]));
    setActive(key);
  });
  useFollowEnd(scroller, rows, follow);
  const keys = useGridKeys({ rows, active, setActive, toggle, virtual, onMove: onLeave });

  const lastIndex = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (rows.length > 0 && lastIndex >= rows.length - NEAR_END_ROWS) onNearEnd?.();
  }, [lastIndex, rows.length, onNearEnd]);

  const activeIndex = rows.findIndex(({ key }) => key === active);
  return (
    <div
      ref={scroller}
      className="min-h-0 flex-1 overflow-y-auto overscroll-contain font-mono text-code has-[>:focus-visible]:outline-2 has-[>:focus-visible]:-outline-offset-2 has-[>:focus-visible]:outline-accent"
    >
      <div
        role="treegrid"
        tabIndex={0}
        aria-label="Lines"
        aria-rowcount={rows.length}
        aria-activedescendant={activeIndex >= 0 ? `${id}-${activeIndex}` : undefined}
        onKeyDown={keys}
        className="relative w-full outline-none"
        style={{ height: virtual.getTotalSize() }}
      >
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const isOpen = open.has(row.key);
          return (
            <div
              key={item.key}
              role="presentation"
              data-index={item.index}
              ref={view.wrap || isOpen ? virtual.measureElement : undefined}
              className={cx("absolute inset-x-0 top-0", !view.wrap && !isOpen && "overflow-hidden")}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <LineRow
                id={`${id}-${item.index}`}
                row={row}
                index={item.index}
                open={isOpen}
                active={row.key === active}
                narrow={narrow}
                onToggle={toggle}
              />
            </div>
          );
        })}
      </div>
      {footer}
    </div>
  );
}

function rowSize(row: Row | undefined, rowPx: number, open: ReadonlySet<string>): number {
  if (row?.kind !== "entry") return ROW_PX + 6;
  return open.has(row.key) ? OPEN_PX : rowPx;
}
