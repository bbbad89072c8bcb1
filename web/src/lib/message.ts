import type { Entry } from "../api/types";
import { JSON_FIELD } from "../state/view";
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

/** The members of a JSON line that are texts, numbers or truth values, as texts; none of another line. */
export function scalarMembers(line: string): [string, string][] {
  return Object.entries(parseRecord(line) ?? {}).flatMap(([name, value]) =>
    typeof value === "object" || MESSAGE_KEYS.includes(name) ? [] : [[name, String(value)]],
  );
}

/** The value of a label, of metadata, or of a member of a JSON line ("json.path"); empty if the line has none. */
export function fieldValue(entry: Entry, name: string): string {
  if (!name.startsWith(JSON_FIELD)) return entry.labels[name] ?? entry.metadata[name] ?? "";
  const value = parseRecord(entry.line)?.[name.slice(JSON_FIELD.length)];
  return value === undefined || value === null || typeof value === "object" ? "" : String(value);
}

const MESSAGE_KEYS = ["message", "msg", "event", "log"];

/** The text of a record for people, under the keys that loggers use. */
export function recordMessage(record: JsonObject): string | null {
  for (const key of MESSAGE_KEYS) {
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
