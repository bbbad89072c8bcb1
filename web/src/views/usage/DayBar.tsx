import type { UsageDay } from "../../api/types";
import { FILLS } from "../../charts/Swatch";
import { dayName, isUnknown } from "../../lib/usage";
import { cx } from "../../ui/cx";

interface DayBarProps {
  day: UsageDay;
  /** From the bottom of the stack to its top. */
  values: readonly { token: string; value: number; muted: boolean }[];
  /** What the whole height stands for. */
  top: number;
  shown: boolean;
  /** There are so many days that each is a few pixels wide. */
  dense: boolean;
  /** A service jumped on this day. */
  jump: boolean;
  onShow: () => void;
}

const STATES: Record<UsageDay["state"], string> = {
  full: "",
  so_far: "so far",
  no_data: "no data",
  not_counted: "not counted yet",
};

/** One day: hatched all over without data, its bar hatched while it is not over. */
export function DayBar({ day, values, top, shown, dense, jump, onShow }: DayBarProps) {
  const sum = values.reduce((all, { value }) => all + value, 0);
  return (
    <div
      data-day-state={day.state}
      title={[dayName(day.start), STATES[day.state]].filter(Boolean).join(", ")}
      onPointerEnter={onShow}
      onPointerDown={onShow}
      className={cx(
        "relative flex min-w-0 flex-1 flex-col justify-end",
        dense ? "pl-px" : "px-px sm:px-0.5",
        isUnknown(day) && "hatched",
        shown && "bg-hover",
      )}
    >
      {jump && (
        <span
          aria-hidden
          className="absolute inset-x-0 text-center text-meta leading-none text-warn"
          style={{ bottom: `min(calc(${(sum / top) * 100}% + 3px), calc(100% - 0.75rem))` }}
        >
          ▲
        </span>
      )}
      <div
        className="relative mx-auto flex w-full max-w-16 flex-col-reverse overflow-hidden rounded-t-[2px]"
        style={{ height: `${(sum / top) * 100}%`, minHeight: sum > 0 ? 1 : 0 }}
      >
        {values.map(({ token, value, muted }) => (
          <span
            key={token}
            className={cx(FILLS[token], muted && "opacity-25")}
            style={{ height: `${sum === 0 ? 0 : (value / sum) * 100}%` }}
          />
        ))}
        {day.state === "so_far" && <span className="so-far absolute inset-0" />}
      </div>
    </div>
  );
}
