import { useCallback, useSyncExternalStore } from "react";

/** The current time in unix milliseconds, rounded down to the period that it is renewed with. */
export function useNow(everyMs = 1000): number {
  const subscribe = useCallback(
    (listener: () => void) => {
      const timer = setInterval(listener, everyMs);
      return () => clearInterval(timer);
    },
    [everyMs],
  );
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / everyMs) * everyMs);
}
