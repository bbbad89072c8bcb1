import type { HealthSignal, Verdict } from "../../api/types";
import { cx } from "../../ui/cx";

const FILLS: Record<Verdict, string> = {
  ok: "bg-ok",
  warning: "bg-warn",
  critical: "bg-error",
  no_data: "bg-muted",
};

/** A percentage as a thin bar, with ticks where it becomes degraded and critical. */
export function Meter({ item }: { item: HealthSignal }) {
  const value = Math.min(100, Math.max(0, item.value ?? 0));
  return (
    <span className="relative my-1 block h-1 w-full rounded-full bg-line" aria-hidden>
      <span
        className={cx("absolute inset-y-0 left-0 rounded-full", FILLS[item.verdict])}
        style={{ width: `${value}%` }}
      />
      {[item.warning, item.critical].map(
        (limit, index) =>
          limit !== undefined && (
            // biome-ignore lint/suspicious/noArrayIndexKey: the two limits keep their places
            <span key={index} className="absolute -top-0.5 h-2 w-px bg-muted" style={{ left: `${limit}%` }} />
          ),
      )}
    </span>
  );
}
