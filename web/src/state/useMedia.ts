import { useCallback, useSyncExternalStore } from "react";

/** True while the media query matches. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

/** True where the page is a single column. */
export function useIsNarrow(): boolean {
  return useMedia("(max-width: 47.99rem)");
}
