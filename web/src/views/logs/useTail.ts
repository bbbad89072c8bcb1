import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import type { Params } from "../../api/client";
import { followTail } from "../../api/tailstream";
import type { Entry } from "../../api/types";
import type { TailSnapshot } from "../../lib/tail";
import { TailStore } from "../../lib/tailstore";
import { nsToMs } from "../../lib/time";

export interface Tail extends TailSnapshot {
  pause: () => void;
  resume: () => void;
}

/**
 * Follows the lines of the given filters from the seed's newest line on.
 * `seed` holds lines already loaded, newest first; until it is there nothing is followed.
 */
export function useTail(params: Params, seed: readonly Entry[] | undefined): Tail {
  const client = useQueryClient();
  const key = JSON.stringify(params);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters or another seed are another tail
  const store = useMemo(() => new TailStore(), [key, seed]);
  const snapshot = useSyncExternalStore(store.subscribe, store.current);

  useEffect(() => {
    if (!seed) return;
    store.emit({ kind: "entries", entries: [...seed].reverse() });
    const all: Params = [...(JSON.parse(key) as Params), ["start", startOf(seed)]];
    const stop = followTail(all, (event) => {
      store.emit(event);
      // The stream cannot say why it was refused; an ended session is found out by asking for it.
      if (event.kind === "status" && event.state === "failed")
        client.refetchQueries({ queryKey: ["session"] });
    });
    return () => {
      stop();
      store.stop();
    };
  }, [client, key, seed, store]);

  const pause = useCallback(() => store.emit({ kind: "pause" }), [store]);
  const resume = useCallback(() => store.emit({ kind: "resume" }), [store]);
  return { ...snapshot, pause, resume };
}

const BACKLOG_MS = 60_000;
// The API gives no longer backlog than an hour.
const MAX_BACKLOG_MS = 59 * 60_000;

// Lines may arrive later than their time says, after younger ones were loaded:
// so the tail starts a minute before the seed's newest line. What the seed
// holds already is not shown twice; what is older than the seed is not asked for.
function startOf(seed: readonly Entry[]): string {
  const newest = seed[0];
  const oldest = seed.at(-1);
  const ms =
    newest && oldest ? Math.max(nsToMs(oldest.ts), nsToMs(newest.ts) - BACKLOG_MS) : Date.now() - BACKLOG_MS;
  return new Date(Math.max(ms, Date.now() - MAX_BACKLOG_MS)).toISOString();
}
