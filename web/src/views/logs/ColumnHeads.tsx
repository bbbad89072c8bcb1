import { X } from "lucide-react";
import { toggleColumn } from "../../state/filters";
import { useView } from "../../state/useView";
import { COLUMN_CHARS, COLUMNS_START } from "./columns";

/** Names the fields that are shown as columns; each is taken out with one click. Nothing without columns. */
export function ColumnHeads() {
  const { view, setView } = useView();
  if (view.columns.length === 0) return null;
  return (
    <ul
      aria-label="Columns"
      className="flex h-6 items-center border-b border-line font-mono text-code text-muted"
      style={{ paddingLeft: `calc(${COLUMNS_START + 1}ch + 3px)` }}
    >
      {view.columns.map((name) => (
        <li key={name} className="shrink-0 pr-[1ch]" style={{ width: `${COLUMN_CHARS + 1}ch` }}>
          <button
            type="button"
            title={`Remove the column ${name}`}
            onClick={() => setView(toggleColumn(view, name), { replace: true })}
            className="flex max-w-full items-center gap-1 font-sans text-meta hover:text-text"
          >
            <span className="truncate">{name.replace(/^json\./, "")}</span>
            <X size={12} aria-hidden className="shrink-0" />
          </button>
        </li>
      ))}
    </ul>
  );
}
