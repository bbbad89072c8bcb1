import { type QueryClient, type QueryFilters, useIsFetching } from "@tanstack/react-query";
import { useEffect, useState } from "react";

/** How long a query stands behind others at most. */
const PATIENCE_MS = 3000;

/**
 * Ends when no query whose key begins with one of the names is being loaded for the first time. What
 * only accompanies the lines stands behind them so: Loki answers each query later for every other that
 * it has at the same time.
 */
export async function behind(
  client: QueryClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve)); // those that begin with this one are known then
  const waits = () => names.some((name) => client.isFetching(firstTime(name)) > 0);
  if (!waits() || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(end, PATIENCE_MS);
    const stop = client.getQueryCache().subscribe(() => {
      if (!waits()) end();
    });
    signal.addEventListener("abort", end, { once: true });
  });
}

/** True from when no list of lines is being loaded for the first time and the browser has nothing else to do. */
export function useQuiet(): boolean {
  const loading = useIsFetching(firstTime("logs"));
  const [quiet, setQuiet] = useState(false);
  useEffect(() => {
    if (quiet || loading > 0) return;
    // Safari has no idle callbacks.
    if (!("requestIdleCallback" in window)) {
      const timer = setTimeout(() => setQuiet(true), 200);
      return () => clearTimeout(timer);
    }
    const idle = window.requestIdleCallback(() => setQuiet(true), { timeout: PATIENCE_MS });
    return () => window.cancelIdleCallback(idle);
  }, [loading, quiet]);
  return quiet;
}

function firstTime(name: string): QueryFilters {
  return { queryKey: [name], predicate: ({ state }) => state.data === undefined };
}
