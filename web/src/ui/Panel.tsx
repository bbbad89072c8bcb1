import type { ReactNode } from "react";
import { Link } from "wouter";
import { cx } from "./cx";

/** A titled area of a view. */
export function Panel({
  title,
  note,
  actions,
  className,
  children,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section aria-label={title} className={cx("min-w-0 rounded-md border border-line bg-panel", className)}>
      <header className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-2 pb-1">
        <h2 className="font-semibold">{title}</h2>
        {note && <span className="text-meta text-muted">{note}</span>}
        {actions && <div className="ml-auto flex items-center gap-1">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** A link among the actions of a panel. */
export function PanelLink({ href, children }: { href: string; children: string }) {
  return (
    <Link
      href={href}
      className="flex items-center rounded-sm px-1 text-accent hover:underline pointer-coarse:h-10"
    >
      {children}
    </Link>
  );
}
