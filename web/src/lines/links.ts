import type { Entry } from "../api/types";
import { parseRecord } from "../lib/message";
import { nsToMs } from "../lib/time";
import { allLines } from "../state/filters";
import { emptyFilters, type View } from "../state/view";

const BEFORE_MS = 10 * 60_000;
const AFTER_MS = 1000;
const AROUND_MS = 30_000;
const STORY_MS = 10 * 60_000;

/** A view whose first page holds the line: its own stream, ending just after it. */
export function lineView(view: View, entry: Entry): View {
  const ms = nsToMs(entry.ts);
  return {
    ...allLines(view),
    filters: streamFilters(entry, ["service", "env", "host"]),
    show: "lines",
    order: "newest",
    tail: false,
    range: { kind: "absolute", startMs: ms - BEFORE_MS, endMs: ms + AFTER_MS },
    line: entry.id,
    request: "",
  };
}

/** Lines of every service on all hosts of the same environment, half a minute to each side. */
export function aroundView(view: View, entry: Entry): View {
  const ms = nsToMs(entry.ts);
  return {
    ...lineView(view, entry),
    filters: streamFilters(entry, ["env"]),
    range: { kind: "absolute", startMs: ms - AROUND_MS, endMs: ms + AROUND_MS },
  };
}

/** The lines of an issue's service from one time to another, both in unix nanoseconds. */
export function betweenView(
  view: View,
  labels: Record<"service" | "env", string>,
  from: string,
  to: string,
): View {
  const filters = emptyFilters();
  for (const name of ["service", "env"] as const) filters[name] = { include: [labels[name]], exclude: [] };
  return {
    ...allLines(view),
    filters,
    show: "lines",
    tail: false,
    range: { kind: "absolute", startMs: nsToMs(from), endMs: nsToMs(to) + 1 },
  };
}

/** The story of the request that a line belongs to, ten minutes to each side of it, in all environments. */
export function storyView(view: View, request: string, ts: string): View {
  const ms = nsToMs(ts);
  return {
    ...allLines(view), // keeps the environment for the views after it
    tail: false,
    range: { kind: "absolute", startMs: ms - STORY_MS, endMs: ms + STORY_MS },
    request,
  };
}

/** The id of a line's request, from its metadata or from its own record; empty when it carries none. */
export function requestOf(entry: Entry): string {
  const record = parseRecord(entry.line);
  for (const name of ["correlation_id", "request_id"]) {
    const id = entry.metadata[name] || entry.labels[name] || record?.[name];
    if (typeof id === "string" && id !== "") return id;
  }
  return "";
}

function streamFilters(entry: Entry, names: readonly ("service" | "env" | "host")[]): View["filters"] {
  const filters = emptyFilters();
  for (const name of names) {
    const value = entry.labels[name];
    if (value) filters[name] = { include: [value], exclude: [] };
  }
  return filters;
}
