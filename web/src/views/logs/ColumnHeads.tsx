import { X } from "lucide-react";
import { toggleColumn } from "../../state/filters";
import { useView } from "../../state/useView";

/** Names the fields that are shown as columns; each is taken out with one click. Nothing without columns. */
export function ColumnHeads() {
  const { view, setView } = useView();
  if (view.columns.length === 0) return null;
  return (
    <ul
      aria-label="Columns"
      className="flex h-6 items-center border-b border-line pl-[15.6rem] text-meta text-muted"
    >
      {view.columns.map((name) => (
        <li key={name} className="w-32 shrink-0 pr-2">
          <button
            type="button"
            title={`Remove the column ${name}`}
            onClick={() => setView(toggleColumn(view, name), { replace: true })}
            className="flex max-w-full items-center gap-1 hover:text-text"
          >
            <span className="truncate">{name.replace(/^json\./, "")}</span>
            <X size={12} aria-hidden className="shrink-0" />
          </button>
        </li>
      ))}
    </ul>
  );
}
