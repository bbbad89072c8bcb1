import { useEffect } from "react";
import { useAnchor } from "./anchor";
import { useView } from "./useView";

const REFRESH_MS = 30_000;

/** Keeps a relative range at the present while the page is looked at. */
export function useSteadyRefresh() {
  const { view } = useView();
  const { refresh } = useAnchor();
  const moving = view.range.kind === "relative";
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => document.visibilityState === "visible" && refresh(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [moving, refresh]);
}
