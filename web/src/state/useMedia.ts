import { useCallback, useMemo, useSyncExternalStore } from "react";

/** True while the media query matches. */
export function useMedia(query: string): boolean {
  const media = useMemo(() => window.matchMedia(query), [query]);
  const subscribe = useCallback(
    (listener: () => void) => {
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    [media],
  );
  return useSyncExternalStore(subscribe, () => media.matches);
}

/** True where the page is a single column. */
export function useIsNarrow(): boolean {
  return useMedia("(max-width: 47.99rem)");
}
