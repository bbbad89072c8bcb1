import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { isBreak, type Row, type SecondGap } from "../../lib/rows";
import { useIsNarrow } from "../../state/useMedia";
import { useView } from "../../state/useView";
import { useZone } from "../../state/zone";
import { cx } from "../../ui/cx";
import { LineRow, type RowLook, Separator } from "./LineRow";
import { useFollowEnd } from "./useFollowEnd";
import { useGridKeys } from "./useGridKeys";
import { useSlots } from "./useSlots";
import { useTarget } from "./useTarget";

const ROW_PX = 22;
const NARROW_ROW_PX = 44;
const OPEN_PX = 360;
const NEAR_END_ROWS = 30;

interface LineGridProps {
  rows: readonly Row[];
  /** How many rows come before these: they have their place in the list, but are not drawn. */
  before?: number;
  /** Shown after the last row. */
  footer?: ReactNode;
  /** A row to open and show once it is there. */
  targetId?: string;
  /** Told when the reader opens or closes a row. */
  onToggle?: (key: string, open: boolean) => void;
  /** Called while the end of the list is near; absent when there is no more. */
  onNearEnd?: (() => void) | undefined;
  /** What stands where lines of a second are not loaded. */
  more?: (gap: SecondGap) => ReactNode;
  /** Keeps the end in view as rows arrive; told when the reader leaves the end and comes back. */
  follow?: { active: boolean; onLeave: () => void; onReturn: () => void };
}

/** The virtualised list of lines: only what is in view is in the page, whatever the number of rows. */
export const LineGrid = memo(function LineGrid({
  rows,
  before = 0,
  footer,
  targetId = "",
  onToggle,
  onNearEnd,
  more,
  follow,
}: LineGridProps) {
  const { view } = useView();
  const [zone] = useZone();
  const narrow = useIsNarrow();
  const scroller = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [contexts, setContexts] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState("");
  const id = useId();
  const { wrap, columns, q: hits } = view;
  const look = useMemo<RowLook>(
    () => ({ narrow, wrap, columns, hits, zone }),
    [narrow, wrap, columns, hits, zone],
  );
  const rowPx = narrow ? NARROW_ROW_PX : ROW_PX;
  const onLeave = follow?.onLeave;

  // Another function here makes every row be laid out anew, so it is one as long as they stay as they are.
  // biome-ignore lint/correctness/useExhaustiveDependencies: what sizes depend on
  const getItemKey = useCallback((index: number) => rows[index]?.id ?? index, [rows, rowPx, open]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey,
    paddingStart: before * rowPx,
    estimateSize: (index) => rowSize(rows[index], rowPx, open),
    overscan: 6,
  });
  const items = virtual.getVirtualItems();
  const slots = useSlots(items.map(({ key }) => String(key)));

  // While a hand scrolls, rows pass under a pointer that means none of them: each would light up and get its buttons.
  // Not while text is being selected, and not for a tail that moves by itself.
  const scrolledByHand = virtual.isScrolling && !follow?.active;

  const toggle = useCallback(
    (key: string, index = indexInView(virtual, key)) => {
      setOpen((old) => toggled(old, key));
      setActive(key);
      onLeave?.();
      virtual.cancelScroll(); // to the row as it was; on its way still, it would show the end of the opened one
      virtual.resizeItem(index, rowPx);
      onToggle?.(key, !open.has(key));
    },
    [onLeave, onToggle, open, rowPx, virtual],
  );
  // The context that was asked for last, to be brought into view once.
  const [asked, setAsked] = useState<{ key: string } | null>(null);
  const toggleContext = useCallback((key: string) => {
    setContexts((old) => toggled(old, key));
    setAsked({ key });
  }, []);
  const showContext = (key: string, index: number) => {
    if (open.has(key)) return toggleContext(key);
    setContexts((old) => new Set([...old, key]));
    toggle(key, index);
    setAsked({ key });
  };
  useEffect(() => {
    if (!asked) return;
    const line = scroller.current?.querySelector(`[data-line="${CSS.escape(asked.key)}"]`);
    line?.parentElement?.querySelector("[data-context]")?.scrollIntoView({ block: "nearest" });
  }, [asked]);
  useTarget(targetId, rows, virtual, (key) => {
    setOpen(new Set([key]));
    setActive(key);
  });
  useFollowEnd(scroller, rows, follow);
  const keys = useGridKeys({
    rows,
    active,
    setActive,
    toggle,
    context: showContext,
    virtual,
    onMove: onLeave,
  });

  const lastIndex = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (rows.length > 0 && lastIndex >= rows.length - NEAR_END_ROWS) onNearEnd?.();
  }, [lastIndex, rows.length, onNearEnd]);

  const activeIndex = useMemo(
    () => (active === "" ? -1 : rows.findIndex(({ id }) => id === active)),
    [active, rows],
  );
  return (
    <div
      ref={scroller}
      className={cx(
        "min-h-0 flex-1 overflow-y-auto overscroll-contain font-mono text-code has-[>:focus-visible]:outline-2 has-[>:focus-visible]:-outline-offset-2 has-[>:focus-visible]:outline-accent",
        scrolledByHand && "cursor-pointer",
      )}
    >
      <div
        role="treegrid"
        tabIndex={0}
        aria-label="Lines"
        aria-rowcount={before + rows.length}
        aria-activedescendant={activeIndex >= 0 ? `${id}-${before + activeIndex}` : undefined}
        onKeyDown={keys}
        className={cx("relative w-full outline-none", scrolledByHand && "not-active:pointer-events-none")}
        style={{ height: virtual.getTotalSize() }}
      >
        {/* In the flow of one box: of a row that takes up another line nothing but its text changes. */}
        <div role="presentation" className="absolute inset-x-0" style={{ top: items[0]?.start }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            if (isBreak(row)) {
              return (
                <Separator key={slots.get(row.id)}>
                  {row.kind === "more" ? more?.(row.gap) : row.label}
                </Separator>
              );
            }
            const isOpen = open.has(row.id);
            const measured = look.wrap || isOpen;
            return (
              <LineRow
                key={measured ? row.id : slots.get(row.id)}
                id={`${id}-${before + item.index}`}
                entry={row}
                index={before + item.index}
                open={isOpen}
                context={contexts.has(row.id)}
                active={row.id === active}
                look={look}
                onToggle={toggle}
                onContext={toggleContext}
                measure={measured ? virtual.measureElement : undefined}
                place={measured ? item.index : undefined}
              />
            );
          })}
        </div>
      </div>
      {footer}
    </div>
  );
});

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}

function indexInView(virtual: Virtualizer<HTMLDivElement, Element>, key: string): number {
  return virtual.getVirtualItems().find((item) => item.key === key)?.index ?? 0;
}

function rowSize(row: Row | undefined, rowPx: number, open: ReadonlySet<string>): number {
  if (!row || isBreak(row)) return ROW_PX + 6;
  return open.has(row.id) ? OPEN_PX : rowPx;
}
