import { cx } from "../../ui/cx";

interface LiveSwitchProps {
  on: boolean;
  /** Why there is no live tail; empty if there is. */
  refused: string;
  onChange: (on: boolean) => void;
}

/** Turns the live tail on and off. */
export function LiveSwitch({ on, refused, onChange }: LiveSwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-disabled={refused !== ""}
      onClick={() => refused === "" && onChange(!on)}
      aria-label="Live tail"
      title={refused || (on ? "Stop the live tail (t)" : "Follow new lines as they arrive (t)")}
      className={cx(
        "ml-1 inline-flex h-8 shrink-0 items-center gap-2 rounded-md border px-3 transition-colors duration-100 aria-disabled:opacity-40 pointer-coarse:h-10",
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
