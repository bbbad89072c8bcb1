import type { TailEvent } from "../lib/tail";
import { apiUrl, type Params } from "./client";
import type { TailDropped, TailEntries, TailStatus } from "./types";

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/**
 * Follows the API's tail until the returned function is called. The browser
 * resumes a cut stream by itself with Last-Event-ID; when it gives up (an HTTP
 * error), a new stream is opened from the last cursor, with growing pauses.
 */
export function followTail(params: Params, emit: (event: TailEvent) => void): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let cursor = "";
  let failures = 0;

  const open = () => {
    source = new EventSource(apiUrl("tail", cursor ? [...params, ["cursor", cursor]] : params));
    source.onopen = () => {
      failures = 0;
      emit({ kind: "status", state: "live", message: "" });
    };
    source.onerror = () => onError();
    listen<TailEntries>(source, "entries", ({ entries }, id) => {
      cursor = id || cursor;
      emit({ kind: "entries", entries });
    });
    listen<TailDropped>(source, "dropped", ({ count }) => emit({ kind: "dropped", count }));
    listen<TailStatus>(source, "status", ({ state, message }) =>
      emit({ kind: "status", state: state === "ok" ? "live" : "reconnecting", message }),
    );
  };

  const onError = () => {
    if (source?.readyState !== EventSource.CLOSED) {
      emit({ kind: "status", state: "reconnecting", message: "The connection was cut. Trying again." });
      return;
    }
    const wait = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
    const message = `The dashboard does not answer the live tail. Trying again in ${Math.round(wait / 1000)} s.`;
    emit({ kind: "status", state: "failed", message });
    timer = setTimeout(open, wait);
  };

  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

function listen<T>(source: EventSource, name: string, handle: (data: T, id: string) => void): void {
  source.addEventListener(name, (event: MessageEvent<string>) => {
    handle(JSON.parse(event.data) as T, event.lastEventId);
  });
}
