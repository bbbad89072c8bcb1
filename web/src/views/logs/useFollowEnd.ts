import { type RefObject, useEffect, useEffectEvent, useLayoutEffect } from "react";
import type { Row } from "../../lib/rows";

const END_PX = 40;

interface Follow {
  active: boolean;
  onLeave: () => void;
  onReturn: () => void;
}

/** Keeps the end of the list in view while following; scrolling up leaves, scrolling to the end returns. */
export function useFollowEnd(
  scroller: RefObject<HTMLDivElement | null>,
  rows: readonly Row[],
  follow: Follow | undefined,
): void {
  const active = follow?.active ?? false;

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs whenever rows arrive
  useLayoutEffect(() => {
    const element = scroller.current;
    if (active && element) element.scrollTop = element.scrollHeight;
  }, [active, rows, scroller]);

  const onMove = useEffectEvent((direction: "up" | "down", atEnd: boolean) => {
    if (!follow) return;
    if (direction === "up" && !atEnd && follow.active) follow.onLeave();
    if (direction === "down" && atEnd && !follow.active) follow.onReturn();
  });

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let before = element.scrollTop;
    const onScroll = () => {
      const moved = element.scrollTop - before;
      before = element.scrollTop;
      const atEnd = element.scrollHeight - element.clientHeight - before < END_PX;
      if (Math.abs(moved) > 2) onMove(moved > 0 ? "down" : "up", atEnd);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [scroller]);
}
