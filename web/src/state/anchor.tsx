import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { useView } from "./useView";
import { formatView, rangeBounds } from "./view";

export interface Anchor {
  /** The "now" of relative ranges: one for all panels, so that they show the same time. */
  now: number;
  startMs: number;
  endMs: number;
  /** Moves now to the current time, which reloads every panel. */
  refresh: () => void;
  /** True when queries with these filters and this range are to run whatever they read. */
  anyCost: boolean;
  acceptCost: () => void;
}

const AnchorContext = createContext<Anchor | null>(null);

/** Holds one "now" for the page; it moves on refresh and whenever filters or range change. */
export function AnchorProvider({ children }: { children: ReactNode }) {
  const { view } = useView();
  const key = formatView({
    ...view,
    line: "",
    component: "",
    columns: [],
    show: "lines",
    wrap: false,
    by: "level",
    order: "newest",
    zone: null,
    unit: "bytes",
  });
  const [anchor, setAnchor] = useState({ key, now: Date.now() });
  if (anchor.key !== key) setAnchor({ key, now: Date.now() });
  const [accepted, setAccepted] = useState<string | null>(null);
  const anyCost = accepted === key;
  const acceptCost = useCallback(() => setAccepted(key), [key]);
  const refresh = useCallback(() => setAnchor((old) => ({ ...old, now: Date.now() })), []);
  const value = useMemo(
    () => ({ now: anchor.now, refresh, anyCost, acceptCost, ...rangeBounds(view.range, anchor.now) }),
    [anchor.now, refresh, anyCost, acceptCost, view.range],
  );
  return <AnchorContext value={value}>{children}</AnchorContext>;
}

/** Whether the reader wants the queries of the page run whatever they read. */
export function useAnyCost(): boolean {
  return useContext(AnchorContext)?.anyCost ?? false;
}

export function useAnchor(): Anchor {
  const anchor = useContext(AnchorContext);
  if (!anchor) throw new Error("useAnchor needs an AnchorProvider above it");
  return anchor;
}
