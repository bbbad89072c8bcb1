import type { Verdict } from "../api/types";
import { cx } from "./cx";

const WORDS: Record<Verdict, string> = {
  ok: "OK",
  warning: "Degraded",
  critical: "Critical",
  no_data: "No data",
};

const COLOURS: Record<Verdict, string> = {
  ok: "text-ok",
  warning: "text-warn",
  critical: "text-error",
  no_data: "text-muted",
};

export function verdictWord(verdict: Verdict): string {
  return WORDS[verdict];
}

export function verdictColour(verdict: Verdict): string {
  return COLOURS[verdict];
}

/** A shape for each verdict, so that it can be told without colour: dot, triangle, diamond, open ring. */
export function VerdictMark({ verdict, size = 10 }: { verdict: Verdict; size?: number }) {
  return (
    <svg
      viewBox="0 0 10 10"
      width={size}
      height={size}
      className={cx("shrink-0", COLOURS[verdict])}
      role="img"
      aria-label={WORDS[verdict]}
    >
      {SHAPES[verdict]}
    </svg>
  );
}

const SHAPES: Record<Verdict, React.ReactNode> = {
  ok: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  warning: <path d="M5 0.6 9.8 9.2H0.2Z" fill="currentColor" />,
  critical: <path d="M5 0 10 5 5 10 0 5Z" fill="currentColor" />,
  no_data: (
    <circle
      cx="5"
      cy="5"
      r="3.6"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeDasharray="2 1.4"
    />
  ),
};
