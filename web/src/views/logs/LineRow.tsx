import { memo, type ReactNode } from "react";
import type { Entry } from "../../api/types";
import { toLevel } from "../../lib/levels";
import { fieldValue, preview } from "../../lib/message";
import { formatClock, formatNs, nsToMs } from "../../lib/time";
import { LineDetail } from "../../lines/LineDetail";
import { toggleFilter } from "../../state/filters";
import { useView } from "../../state/useView";
import { isFieldName } from "../../state/view";
import { cx } from "../../ui/cx";
import { LevelBar, LevelTag } from "../../ui/LevelTag";
import { LogText } from "../../ui/LogText";

interface LineRowProps {
  id: string;
  entry: Entry;
  /** The place in the whole list, from 0. */
  index: number;
  open: boolean;
  active: boolean;
  narrow: boolean;
  onToggle: (key: string) => void;
}

/** A line. */
export const LineRow = memo(function LineRow({
  id,
  entry,
  index,
  open,
  active,
  narrow,
  onToggle,
}: LineRowProps) {
  const level = toLevel(entry.labels.level);
  // A selection of text ends in a click too, which is not meant to open the line.
  const click = () => window.getSelection()?.isCollapsed !== false && onToggle(entry.id);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the grid has the focus and the keys */}
      <div
        id={id}
        role="row"
        aria-rowindex={index + 1}
        aria-expanded={open}
        aria-selected={active}
        data-line={entry.id}
        onClick={click}
        className={cx(
          "flex cursor-pointer",
          narrow ? "min-h-11" : "min-h-[22px]",
          active ? "bg-select" : open ? "bg-hover" : "hover:bg-hover",
        )}
      >
        <LevelBar level={level} />
        {narrow ? <NarrowCells entry={entry} /> : <WideCells entry={entry} />}
      </div>
      {open && (
        <Cell key={entry.id}>
          <LineDetail entry={entry} />
        </Cell>
      )}
    </>
  );
});

/** What stands between lines: a day, a pause, lines that are not loaded. */
export function Separator({ children }: { children: ReactNode }) {
  return (
    <Cell>
      <span className="flex h-7 items-center gap-3 px-4 font-sans text-meta text-muted">
        <span className="h-px flex-1 bg-line" />
        {children}
        <span className="h-px flex-1 bg-line" />
      </span>
    </Cell>
  );
}

/** A row of one cell, as wide as the list. */
function Cell({ children }: { children: ReactNode }) {
  return (
    // biome-ignore-start lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: rows of a virtual grid
    <div role="row">
      <div role="gridcell">{children}</div>
    </div>
    // biome-ignore-end lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: rows of a virtual grid
  );
}

function WideCells({ entry }: { entry: Entry }) {
  const level = toLevel(entry.labels.level);
  return (
    <>
      {/* biome-ignore-start lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: cells of a virtual grid */}
      <span role="gridcell" className="shrink-0 px-2 leading-[22px] text-muted" title={formatNs(entry.ts)}>
        {formatClock(nsToMs(entry.ts), true)}
      </span>
      <span role="gridcell" className="w-8 shrink-0 leading-[22px]">
        <FilterButton name="level" value={entry.labels.level ?? ""}>
          <LevelTag level={level} />
        </FilterButton>
      </span>
      <span role="gridcell" className="w-28 shrink-0 truncate pr-2 leading-[22px]">
        <FilterButton name="service" value={entry.labels.service ?? ""} />
      </span>
      <Columns entry={entry} />
      <Message entry={entry} />
      {/* biome-ignore-end lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: cells of a virtual grid */}
    </>
  );
}

/** The values of the fields that are shown as columns. */
function Columns({ entry }: { entry: Entry }) {
  const { view } = useView();
  return view.columns.map((name) => {
    const value = fieldValue(entry, name);
    return (
      // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a cell of a virtual grid
      <span
        key={name}
        role="gridcell"
        title={`${name}: ${value}`}
        className="w-32 shrink-0 truncate pr-2 leading-[22px]"
      >
        <FilterButton name={name} value={value} />
      </span>
    );
  });
}

function NarrowCells({ entry }: { entry: Entry }) {
  return (
    <span role="presentation" className="grid min-w-0 flex-1 content-center px-2 py-0.5">
      <span className="flex gap-2 text-meta leading-[18px] text-muted">
        <time title={formatNs(entry.ts)}>{formatClock(nsToMs(entry.ts))}</time>
        <LevelTag level={toLevel(entry.labels.level)} small />
        <span className="truncate">{entry.labels.service}</span>
      </span>
      <Message entry={entry} />
    </span>
  );
}

function Message({ entry }: { entry: Entry }) {
  const { view } = useView();
  const { text, moreLines } = preview(entry.line);
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a cell of a virtual grid
    <span role="gridcell" dir="auto" className="flex min-w-0 flex-1 gap-2 pr-3 leading-[22px]">
      <span className={cx("min-w-0", view.wrap ? "whitespace-pre-wrap" : "truncate")}>
        <LogText text={view.wrap ? wholeText(entry.line, text) : text} hits={view.q} />
      </span>
      {moreLines > 0 && !view.wrap && (
        <span className="shrink-0 self-center rounded-sm bg-hover px-1.5 font-sans text-meta leading-4 text-muted">
          {moreLines + 1} lines
        </span>
      )}
    </span>
  );
}

const WRAPPED_LIMIT = 4000;

function wholeText(line: string, first: string): string {
  const text = line.startsWith("{") ? first : line;
  return text.length > WRAPPED_LIMIT ? `${text.slice(0, WRAPPED_LIMIT)} …` : text;
}

/** A value of a line that a click filters by, and Alt-click leaves out. */
function FilterButton({ name, value, children }: { name: string; value: string; children?: ReactNode }) {
  const { view, setView } = useView();
  if (value === "" || !isFieldName(name)) return children ?? <span className="text-muted">–</span>;
  return (
    <button
      type="button"
      tabIndex={-1}
      title={`Only ${value}; Alt-click leaves it out`}
      className="max-w-full truncate hover:text-accent hover:underline"
      onClick={(event) => {
        event.stopPropagation();
        setView(toggleFilter(view, name, value, event.altKey ? "exclude" : "include"));
      }}
    >
      {children ?? value}
    </button>
  );
}
