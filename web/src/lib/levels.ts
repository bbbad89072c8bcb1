import type { Level } from "../api/types";

/** All levels, gravest first. */
export const LEVELS: readonly Level[] = [
  "fatal",
  "critical",
  "error",
  "warn",
  "info",
  "debug",
  "trace",
  "unknown",
];

/** Levels that count as errors. */
export const ERROR_LEVELS: readonly Level[] = ["fatal", "critical", "error"];

const SHORT: Record<Level, string> = {
  fatal: "FTL",
  critical: "CRT",
  error: "ERR",
  warn: "WRN",
  info: "INF",
  debug: "DBG",
  trace: "TRC",
  unknown: "–––",
};

export function toLevel(text: string | undefined): Level {
  return LEVELS.find((level) => level === text) ?? "unknown";
}

/** Three characters, so that a level is never shown by colour alone. */
export function shortLevel(level: Level): string {
  return SHORT[level];
}

/** Orders two level names by gravity; unknown names last. */
export function compareLevels(a: string, b: string): number {
  return LEVELS.indexOf(toLevel(a)) - LEVELS.indexOf(toLevel(b));
}
