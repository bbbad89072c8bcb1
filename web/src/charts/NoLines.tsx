import type { ReactNode } from "react";

/** What stands in place of a graph without lines: hatched, with the reason. */
export function NoLines({ height, children }: { height: number; children: ReactNode }) {
  return (
    <div
      style={{ height }}
      className="hatched mt-1 flex items-center justify-center rounded-sm border border-dashed border-line p-3"
    >
      <p className="max-w-prose rounded-sm bg-panel px-2 text-center text-meta text-muted">
        <span className="font-semibold">No data</span>: {children}
      </p>
    </div>
  );
}
