import { type CSSProperties, memo, type ReactNode, useState } from "react";
import type { Entry } from "../../api/types";
import { hasAnsi } from "../../lib/ansi";
import { shortLevel, toLevel } from "../../lib/levels";
import { fieldValue, preview } from "../../lib/message";
import { formatClock, formatNs, nsToMs, type Zone } from "../../lib/time";
import { LineDetail } from "../../lines/LineDetail";
import { toggleFilter } from "../../state/filters";
import { useView } from "../../state/useView";
import { isFieldName } from "../../state/view";
import { cx } from "../../ui/cx";
import { levelEdge, levelText } from "../../ui/LevelTag";
import { LogText } from "../../ui/LogText";
import { COLUMN_CHARS, isRightToLeft, padded, SERVICE_CHARS, startOfMessage } from "./columns";

/** How all rows of a list look. */
export interface RowLook {
  narrow: boolean;
  wrap: boolean;
  /** Fields that have a column of their own. */
  columns: readonly string[];
  /** Texts that are marked. */
  hits: readonly string[];
  /** Of the times: a row that is not drawn again keeps those it has. */
  zone: Zone;
}

interface LineRowProps {
  id: string;
  entry: Entry;
  /** The place in the whole list, from 0. */
  index: number;
  open: boolean;
  /** Shows the lines before and after an open one. */
  context: boolean;
  active: boolean;
  look: RowLook;
  onToggle: (key: string) => void;
  /** Told when the lines before and after are to be shown, or no more. */
  onContext: (key: string) => void;
  /** Told the row's element where its height is not known beforehand, with `data-index` as its place. */
  measure: ((element: Element | null) => void) | undefined;
  place: number | undefined;
}

/**
 * A line. It is text in as few elements as its cells are, laid out as one line of characters of one
 * width: a screen of them is made anew in each frame while the list is scrolled.
 */
export const LineRow = memo(function LineRow(props: LineRowProps) {
  const { id, entry, index, open, context, active, look, onToggle, onContext, measure, place } = props;
  const [hovered, setHovered] = useState(false);
  // A selection of text ends in a click too, which is not meant to open the line.
  const click = () => window.getSelection()?.isCollapsed !== false && onToggle(entry.id);
  const measured = { ref: measure, "data-index": place };
  const line = (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the grid has the focus and the keys
    <div
      id={id}
      role="row"
      aria-rowindex={index + 1}
      aria-expanded={open}
      aria-selected={active}
      data-line={entry.id}
      onClick={click}
      onMouseEnter={() => setHovered(true)}
      onMouseLeave={() => setHovered(false)}
      className={rowClass(entry, look, open, active)}
      style={hangingIndent(look)}
      {...(open ? {} : measured)}
    >
      {look.narrow ? narrowCells(entry, look) : wideCells(entry, look, hovered || active)}
      {messageCell(entry, look)}
    </div>
  );
  if (!open) return line;
  return (
    <div role="presentation" {...measured}>
      {line}
      <Cell key={entry.id}>
        <LineDetail entry={entry} context={context} onContext={() => onContext(entry.id)} />
      </Cell>
    </div>
  );
});

function rowClass(entry: Entry, { narrow, wrap }: RowLook, open: boolean, active: boolean): string {
  return cx(
    "relative cursor-pointer border-l-[3px] pr-3 leading-[22px]",
    levelEdge(toLevel(entry.labels.level)),
    narrow ? "min-h-11 pl-2" : "min-h-[22px] pl-[1ch]",
    wrap ? "whitespace-pre-wrap" : "overflow-hidden text-ellipsis whitespace-pre",
    active ? "bg-select" : open ? "bg-hover" : "hover:bg-hover",
  );
}

/** Lines that a long line wraps to begin where its message does. */
function hangingIndent({ narrow, wrap, columns }: RowLook): CSSProperties | undefined {
  if (narrow || !wrap) return undefined;
  const chars = startOfMessage(columns.length);
  return { paddingLeft: `${chars + 1}ch`, textIndent: `-${chars}ch` };
}

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

// The cells are made by functions, not components: React then has half as much to keep of a row.

/** Time, level, service and the chosen fields; where the pointer or the selection is, their values are buttons. */
function wideCells(entry: Entry, { columns }: RowLook, live: boolean): ReactNode {
  const level = toLevel(entry.labels.level);
  const service = entry.labels.service ?? "";
  return (
    <>
      {/* biome-ignore-start lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: cells of a virtual grid */}
      <span role="gridcell" className="text-muted" title={live ? formatNs(entry.ts) : undefined}>
        {`${formatClock(nsToMs(entry.ts), true)}  `}
      </span>
      <span role="gridcell" className={levelText(level)}>
        {fieldText("level", entry.labels.level ?? "", `${shortLevel(level)} `, live)}
      </span>
      <span role="gridcell" data-field="service">
        {fieldText("service", service, `${padded(service || "–", SERVICE_CHARS)} `, live)}
      </span>
      {columns.map((name) => {
        const value = fieldValue(entry, name);
        return (
          <span key={name} role="gridcell" data-field={name}>
            {fieldText(name, value, `${padded(value || "–", COLUMN_CHARS)} `, live)}
          </span>
        );
      })}
      {/* biome-ignore-end lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: cells of a virtual grid */}
    </>
  );
}

/** A value as text, or with the button that filters by it. `shown` ends in spaces. */
function fieldText(name: string, value: string, shown: string, live: boolean): ReactNode {
  if (!live || value === "" || !isFieldName(name)) return shown;
  const text = shown.trimEnd();
  return (
    <>
      <FilterButton name={name} value={value}>
        {text}
      </FilterButton>
      {shown.slice(text.length)}
    </>
  );
}

/** A click shows only lines with the value, Alt-click leaves them out. */
function FilterButton({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  const { view, setView } = useView();
  return (
    <button
      type="button"
      tabIndex={-1}
      title={`Only ${value}; Alt-click leaves it out`}
      className="hover:text-accent hover:underline"
      onClick={(event) => {
        event.stopPropagation();
        setView(toggleFilter(view, name, value, event.altKey ? "exclude" : "include"));
      }}
    >
      {children}
    </button>
  );
}

function narrowCells(entry: Entry, { wrap }: RowLook): ReactNode {
  const level = toLevel(entry.labels.level);
  const { moreLines } = preview(entry.line);
  return (
    <span role="presentation" className="block truncate text-meta leading-[18px] text-muted">
      {`${formatClock(nsToMs(entry.ts))} `}
      <span className={levelText(level)}>{shortLevel(level)}</span>
      {` ${entry.labels.service ?? ""}`}
      {moreLines > 0 && !wrap && ` · ${moreLines + 1} lines`}
    </span>
  );
}

function messageCell(entry: Entry, look: RowLook): ReactNode {
  const { text, moreLines } = preview(entry.line);
  const shown = look.wrap ? wholeText(entry.line, text) : text;
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a cell of a virtual grid */}
      <span role="gridcell" {...messageBox(shown, look)}>
        {look.hits.length > 0 || hasAnsi(shown) ? <LogText text={shown} hits={look.hits} /> : shown}
      </span>
      {moreLines > 0 && !look.wrap && !look.narrow && <LineCount count={moreLines + 1} />}
    </>
  );
}

/** A message is part of the row's line of text, but has a box of its own below the cells, or where it begins at the right. */
function messageBox(text: string, { narrow, wrap, columns }: RowLook) {
  const cut = !wrap && "truncate";
  if (narrow) return { dir: "auto", className: cx("block", cut) };
  if (!isRightToLeft(text)) return {};
  const width = wrap ? "100%" : `calc(100% - ${startOfMessage(columns.length)}ch)`;
  return { dir: "auto", className: cx("inline-block indent-0 align-top", cut), style: { width } };
}

/** How many lines the text of an entry has, over the end of the row. */
function LineCount({ count }: { count: number }) {
  return (
    <span className="absolute right-3 bottom-[3px] rounded-sm border border-line bg-panel px-1.5 font-sans text-meta leading-[14px] text-muted">
      {count} lines
    </span>
  );
}

const WRAPPED_LIMIT = 4000;

function wholeText(line: string, first: string): string {
  const text = line.startsWith("{") ? first : line;
  return text.length > WRAPPED_LIMIT ? `${text.slice(0, WRAPPED_LIMIT)} …` : text;
}
