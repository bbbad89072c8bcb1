import type { Level } from "../api/types";
import { shortLevel } from "../lib/levels";
import { cx } from "./cx";

const TEXT: Record<Level, string> = {
  fatal: "text-fatal",
  critical: "text-critical",
  error: "text-error",
  warn: "text-warn",
  info: "text-info",
  debug: "text-debug",
  trace: "text-trace",
  unknown: "text-unknown",
};

const BAR: Record<Level, string> = {
  fatal: "bg-fatal",
  critical: "bg-critical",
  error: "bg-error",
  warn: "bg-warn",
  info: "bg-info",
  debug: "bg-debug",
  trace: "bg-trace",
  unknown: "bg-line",
};

const EDGE: Record<Level, string> = {
  fatal: "border-l-fatal",
  critical: "border-l-critical",
  error: "border-l-error",
  warn: "border-l-warn",
  info: "border-l-info",
  debug: "border-l-debug",
  trace: "border-l-trace",
  unknown: "border-l-line",
};

/** The level's short name in its colour. */
export function LevelTag({ level, small = false }: { level: Level; small?: boolean }) {
  return (
    <span className={cx("shrink-0 font-mono", small ? "text-meta" : "text-code", TEXT[level])} title={level}>
      {shortLevel(level)}
    </span>
  );
}

/** The 3 px bar at a row's left edge. */
export function LevelBar({ level }: { level: Level }) {
  return <span aria-hidden className={cx("w-[3px] shrink-0 self-stretch", BAR[level])} />;
}

/** Class of the level's text colour. */
export function levelText(level: Level): string {
  return TEXT[level];
}

/** Class of the level's colour as a ground. */
export function levelBackground(level: Level): string {
  return level === "unknown" ? "bg-unknown" : BAR[level];
}

/** Class of the level's colour as a left border. */
export function levelEdge(level: Level): string {
  return EDGE[level];
}
