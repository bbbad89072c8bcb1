import { useEffect, useEffectEvent } from "react";
import { isTyping } from "../../app/useShortcuts";

/** Calls the action of a key anywhere in the view, unless it belongs to a field, a menu or a dialog. */
export function useIssueKeys(actions: Readonly<Record<string, () => void>>): void {
  const onWindowKey = useEffectEvent((event: KeyboardEvent) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const action = actions[event.key];
    if (!action || (event.key === "Enter" && hasOwnEnter(event.target))) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => onWindowKey(event);
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function hasOwnEnter(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a[href], button, input, summary") !== null;
}
