import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "../../ui/cx";

const INPUT =
  "w-full min-w-0 rounded-md border border-line bg-bg px-2 pointer-coarse:text-[1rem] disabled:opacity-60";

interface LabelProps {
  label: string;
  /** What to enter, or why. */
  hint?: ReactNode;
}

/** A text or a number with its label. */
export function Field({ label, hint, className, ...input }: ComponentProps<"input"> & LabelProps) {
  const id = useId();
  return (
    <div className={cx("grid content-start gap-1", className)}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className={cx(INPUT, "h-8 pointer-coarse:h-10")}
        {...input}
      />
      {hint && <Hint id={`${id}-hint`}>{hint}</Hint>}
    </div>
  );
}

/** A text of several lines with its label. */
export function Area({ label, hint, ...area }: ComponentProps<"textarea"> & LabelProps) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={3}
        autoCapitalize="none"
        spellCheck={false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className={cx(INPUT, "py-1.5 font-mono text-code")}
        {...area}
      />
      {hint && <Hint id={`${id}-hint`}>{hint}</Hint>}
    </div>
  );
}

/** One of a few, with its label. */
export function Choice({
  label,
  hint,
  options,
  className,
  ...select
}: ComponentProps<"select"> & LabelProps & { options: readonly { value: string; label: string }[] }) {
  const id = useId();
  return (
    <div className={cx("grid content-start gap-1", className)}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className={cx(INPUT, "h-8 pointer-coarse:h-10")}
        {...select}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint && <Hint id={`${id}-hint`}>{hint}</Hint>}
    </div>
  );
}

/** Something that is on or off. */
export function Check({ label, ...input }: ComponentProps<"input"> & { label: string }) {
  return (
    <label className="inline-flex min-h-7 items-center gap-2 pointer-coarse:min-h-10">
      <input type="checkbox" className="size-4 shrink-0 accent-accent" {...input} />
      {label}
    </label>
  );
}

/** Fields that belong together. */
export function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="grid gap-3 border-t border-line pt-3">
      <legend className="float-left mb-1 w-full font-semibold">{title}</legend>
      {children}
    </fieldset>
  );
}

function Hint({ id, children }: { id: string; children: ReactNode }) {
  return (
    <p id={id} className="text-meta text-muted">
      {children}
    </p>
  );
}
