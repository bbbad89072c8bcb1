import { cx } from "../../ui/cx";

/** Turns the live tail on and off. */
export function LiveSwitch({ on, onChange }: { on: boolean; onChange: (on: boolean) => void }) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      onClick={() => onChange(!on)}
      aria-label="Live tail"
      title={on ? "Stop the live tail (t)" : "Follow new lines as they arrive (t)"}
      className={cx(
        "ml-1 inline-flex h-8 shrink-0 items-center gap-2 rounded-md border px-3 transition-colors duration-100 pointer-coarse:h-10",
        on ? "border-ok/50 bg-ok/5 font-semibold text-ok" : "border-line bg-panel hover:bg-hover",
      )}
    >
      <span
        aria-hidden
        className={cx("size-2 rounded-full", on ? "animate-pulse-soft bg-ok" : "border border-muted")}
      />
      Live
    </button>
  );
}
