import type { Virtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useRef } from "react";
import type { Row } from "../../lib/rows";

const LINES_BEFORE = 5;

/** Shows the row that the address links to, once it is loaded. */
export function useTarget(
  targetId: string,
  rows: readonly Row[],
  virtual: Virtualizer<HTMLDivElement, Element>,
  onFound: (key: string) => void,
): void {
  const shown = useRef("");
  const index = targetId === "" ? -1 : rows.findIndex(({ id }) => id === targetId);
  const found = useEffectEvent(onFound);
  useEffect(() => {
    if (index < 0 || shown.current === targetId) return;
    shown.current = targetId;
    found(targetId);
    // A few lines before it stay in view; the height of the opened line itself is not known yet.
    virtual.scrollToIndex(Math.max(0, index - LINES_BEFORE), { align: "start" });
  }, [index, targetId, virtual]);
}
