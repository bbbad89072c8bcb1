import { useCallback, useEffect, useRef } from "react";
import { isTyping } from "./useShortcuts";

/** How long keys are kept for a search that is to appear. */
const AHEAD_MS = 5000;

/**
 * Gives a function that begins to keep what is typed until the search of the next view has the focus: the search gets
 * it then, and none of it is a shortcut.
 */
export function useTypedAhead(): () => void {
  const ahead = useRef({ text: "", until: 0 });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isKept = performance.now() < ahead.current.until && !isTyping(event);
      if (!isKept || event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      ahead.current.text += event.key;
    };
    const onFocus = (event: FocusEvent) => {
      const { text } = ahead.current;
      if (!(event.target instanceof Element) || !event.target.closest("[data-search]")) return;
      ahead.current = { text: "", until: 0 };
      // Typed as by hand, which the field and the editor both understand; the editor is ready after its focus only.
      if (text !== "") queueMicrotask(() => document.execCommand("insertText", false, text));
    };
    window.addEventListener("keydown", onKey, true); // before any shortcut
    window.addEventListener("focusin", onFocus);
    return () => {
      window.removeEventListener("keydown", onKey, true);
      window.removeEventListener("focusin", onFocus);
    };
  }, []);
  return useCallback(() => {
    ahead.current = { text: "", until: performance.now() + AHEAD_MS };
  }, []);
}
