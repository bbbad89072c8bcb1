import { useEffect } from "react";
import { useAnchor } from "./anchor";
import { useView } from "./useView";

const REFRESH_MS = 30_000;

/** Keeps a relative range at the present while the page is looked at, and from when it is looked at again. */
export function useSteadyRefresh() {
  const { view } = useView();
  const { now, refresh } = useAnchor();
  const moving = view.range.kind === "relative";
  useEffect(() => {
    if (!moving) return;
    const due = now + REFRESH_MS;
    const isSeen = () => document.visibilityState === "visible";
    const wait = Math.min(REFRESH_MS, Math.max(0, due - Date.now())); // a clock may have been set back
    const timer = setTimeout(() => isSeen() && refresh(), wait);
    const onSeen = () => isSeen() && Date.now() >= due && refresh();
    document.addEventListener("visibilitychange", onSeen);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onSeen);
    };
  }, [moving, now, refresh]);
}
