import { stripAnsi } from "./ansi";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Collapsed rows show no more than this: the rest of a very long line is in the detail. */
const COLLAPSED_LIMIT = 2000;

export interface Preview {
  /** First line of the text, or the message of a JSON record. */
  text: string;
  /** How many lines of the text follow the first. */
  moreLines: number;
}

/** What a collapsed row shows of a line. Escape sequences stay in it: the row renders them. */
export function preview(line: string): Preview {
  const record = parseRecord(line);
  const text = record ? (recordMessage(record) ?? line) : line;
  const lines = text.replace(/\n+$/, "").split("\n");
  const first = lines.find((part) => part.trim() !== "") ?? "";
  const moreLines = lines.length - 1 + (record ? tracebackLines(record) : 0);
  return { text: first.slice(0, COLLAPSED_LIMIT), moreLines };
}

/** The line as a JSON object, or null when it is none. */
export function parseRecord(line: string): JsonObject | null {
  const text = line.trim();
  if (!text.startsWith("{") || !text.endsWith("}")) return null;
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The text of a record for people, under the keys that loggers use. */
export function recordMessage(record: JsonObject): string | null {
  for (const key of ["message", "msg", "event", "log"]) {
    const value = record[key];
    if (typeof value === "string" && value.trim() !== "") return stripAnsi(value);
  }
  return null;
}

/** The traceback text in a record: exception.traceback, exception or stack_trace, as list or text. */
export function recordTraceback(record: JsonObject): string | null {
  const exception = record.exception;
  if (isObject(exception)) return joinLines(exception.traceback);
  return joinLines(exception) ?? joinLines(record.stack_trace) ?? joinLines(record.traceback);
}

function tracebackLines(record: JsonObject): number {
  const text = recordTraceback(record);
  return text ? text.replace(/\n+$/, "").split("\n").length : 0;
}

function joinLines(value: Json | undefined): string | null {
  if (typeof value === "string") return value.trim() === "" ? null : value;
  if (!Array.isArray(value)) return null;
  const parts = value.filter((part): part is string => typeof part === "string");
  return parts.length > 0 ? parts.map((part) => part.replace(/\n$/, "")).join("\n") : null;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
