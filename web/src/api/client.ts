import { resolve } from "../lib/base";
import type { ErrorCode, LogsCost } from "./types";

/** An answer of the API that is not what was asked for, in words for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
    readonly source: string = "dashboard",
    /** Of a query that was not run because it would read very much. */
    readonly cost: LogsCost | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export type Params = readonly (readonly [string, string])[];

export async function getJson<T>(path: string, params: Params, signal?: AbortSignal): Promise<T> {
  const response = await send(apiUrl(path, params), {
    signal: signal ?? null,
    headers: { Accept: "application/json" },
  });
  return (await readBody(response)) as T;
}

export async function postJson<T>(
  path: string,
  body: unknown,
  method: "POST" | "PUT" | "DELETE" = "POST",
): Promise<T> {
  const response = await send(apiUrl(path, []), {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  return (response.status === 204 ? undefined : await readBody(response)) as T;
}

/** Deletes something; the answer has no body. */
export async function deleteAt(path: string): Promise<void> {
  await send(apiUrl(path, []), {
    method: "DELETE",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
  });
}

/** Address of an API path with its parameters, under the page's own prefix. */
export function apiUrl(path: string, params: Params): string {
  const url = resolve(`api/v1/${path}`);
  for (const [key, value] of params) url.searchParams.append(key, value);
  return url.href;
}

/** What an error says to people, whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof ApiError ? error.message : "Something on this page broke. Reload it to go on.";
}

async function send(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(
      0,
      "network",
      "The dashboard did not answer. Check the connection and that it is running.",
    );
  }
  if (!response.ok) throw await toError(response);
  return response;
}

async function readBody(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new ApiError(
      response.status,
      "unreadable",
      "The answer is not what the dashboard sends. A proxy in between may have replaced it.",
    );
  }
}

async function toError(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  if (isErrorBody(body)) {
    const { code, message, source } = body.error;
    return new ApiError(response.status, code, message, source, body.cost ?? null);
  }
  const text = `The dashboard answered ${response.status}. A proxy in between may be at fault; its log says more.`;
  return new ApiError(response.status, response.status === 401 ? "unauthorized" : "internal", text);
}

interface ErrorBody {
  error: { code: ErrorCode; message: string; source: string };
  cost?: LogsCost;
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return (
    typeof error === "object" && error !== null && "message" in error && typeof error.message === "string"
  );
}
