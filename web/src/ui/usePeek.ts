import { type FocusEvent, type MouseEvent, type PointerEvent, useRef, useState } from "react";

const HOVER_MS = 150;

/** Opens something beside its trigger: while that is hovered or focused, and for good on click, tap and Enter. */
export function usePeek() {
  const [state, setState] = useState<"closed" | "peek" | "open">("closed");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const peek = (next: "closed" | "peek") => setState((now) => (now === "open" ? now : next));
  const hover = (next: "closed" | "peek") => (event: PointerEvent) => {
    if (event.pointerType !== "mouse") return;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => peek(next), HOVER_MS);
  };
  return {
    open: state !== "closed",
    onOpenChange: (next: boolean) => setState(next ? "open" : "closed"),
    trigger: {
      onPointerEnter: hover("peek"),
      onPointerLeave: hover("closed"),
      onFocus: (event: FocusEvent) => event.currentTarget.matches(":focus-visible") && peek("peek"),
      onBlur: () => peek("closed"),
      onClick: (event: MouseEvent) => {
        event.preventDefault();
        setState(state === "open" ? "closed" : "open");
      },
    },
  };
}
