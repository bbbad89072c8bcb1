import { ChevronDown, Columns3 } from "lucide-react";
import { useState } from "react";
import { useSample } from "../../api/lines";
import { type Bounds, useRetry } from "../../api/queries";
import type { LineField } from "../../api/types";
import { plural } from "../../lib/format";
import { isFacet, toggleColumn } from "../../state/filters";
import { useView } from "../../state/useView";
import { JSON_FIELD } from "../../state/view";
import { IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Skeleton, SmallErrorState } from "../../ui/States";
import { FacetValue } from "./FacetValue";

/** Every field that the newest lines carry, with its commonest values; nothing is asked for before it is opened. */
export function FieldFacets({ bounds }: { bounds: Bounds }) {
  const { view } = useView();
  const [open, setOpen] = useState(view.fields.length > 0);
  const { data, isError, error } = useSample(view, bounds, open);
  const retry = useRetry();
  const fields = data?.fields.filter((field) => !isKnown(field, data.fields)) ?? [];
  return (
    <section aria-label="Fields" className="border-t border-line pt-2">
      <h2>
        <Head open={open} onClick={() => setOpen(!open)}>
          Fields
        </Head>
      </h2>
      {open && isError && !data && <SmallErrorState what="The fields" error={error} onRetry={retry} />}
      {open && !data && !isError && <Skeleton className="h-24" />}
      {open && data && (
        <p className="px-1 pb-1 text-meta text-muted">
          {data.complete ? "Counted in all" : "Counted in the newest"} {plural(data.lines, "line")}
        </p>
      )}
      {open && data && fields.length === 0 && (
        <p className="px-1 text-meta text-muted">These lines carry none.</p>
      )}
      {open && fields.map((field) => <FieldGroup key={`${field.kind} ${field.name}`} field={field} />)}
    </section>
  );
}

// What the collector took out of a line is in it as well.
function isKnown({ name, kind }: LineField, fields: readonly LineField[]): boolean {
  const twice = kind === "json" && fields.some((other) => other.name === name && other.kind === "metadata");
  return twice || isFacet(name);
}

function FieldGroup({ field }: { field: LineField }) {
  const { view, setView } = useView();
  const name = field.kind === "json" ? JSON_FIELD + field.name : field.name;
  const [open, setOpen] = useState(view.fields.some((filter) => filter.name === name));
  const largest = Math.max(...field.values.map(({ count }) => count), 1);
  const isColumn = view.columns.includes(name);
  return (
    <section aria-label={name} data-field={name}>
      <h3 className="flex items-center">
        <Head open={open} onClick={() => setOpen(!open)}>
          <span className="truncate text-text">{field.name}</span>
          <span className="ml-auto pl-2">{field.distinct}</span>
        </Head>
        <IconButton
          size="sm"
          label={isColumn ? `No column ${field.name}` : `Column ${field.name}`}
          aria-pressed={isColumn}
          onClick={() => setView(toggleColumn(view, name), { replace: true })}
        >
          <Columns3 size={12} aria-hidden />
        </IconButton>
      </h3>
      {open && (
        <ul>
          {field.values.map(({ value, count }) => (
            <FacetValue key={value} facet={name} value={value} count={count} share={count / largest} />
          ))}
        </ul>
      )}
      {open && field.distinct > field.values.length && (
        <p className="px-2 pb-1 text-meta text-muted">
          {plural(field.distinct - field.values.length, "rarer value")}
        </p>
      )}
    </section>
  );
}

function Head({
  open,
  onClick,
  children,
}: {
  open: boolean;
  onClick: () => void;
  children: React.ReactNode;
}) {
  return (
    <button
      type="button"
      aria-expanded={open}
      onClick={onClick}
      className="flex h-6 w-full min-w-0 items-center gap-1 rounded-sm px-1 text-meta text-muted hover:text-text pointer-coarse:h-10"
    >
      <ChevronDown
        size={12}
        aria-hidden
        className={cx("shrink-0 transition-transform duration-100", !open && "-rotate-90")}
      />
      {children}
    </button>
  );
}
