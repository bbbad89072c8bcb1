import { ApiError } from "../api/client";

const UNIT_MS: Record<string, number> = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** The longest range that Loki allows, in milliseconds, of an error that refuses a longer one; null for any other. */
export function rangeLimit(error: unknown): number | null {
  if (!(error instanceof ApiError) || error.code !== "limit") return null;
  const text = /query length: [^,]*, limit: ([\dwdhms]+)/.exec(error.message)?.[1] ?? "";
  const parts = [...text.matchAll(/(\d+)([wdhms])/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] ?? 0), 0);
  return ms > 0 ? ms : null;
}

/** Whether the same request will be refused again, however often it is made. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 404 || ["syntax", "limit", "bad_request"].includes(error.code);
}
