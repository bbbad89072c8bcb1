import { useEffect } from "react";
import { isTyping } from "../../app/useShortcuts";

const LINES = "[data-told] > button";

/** j and k go from line to line, also from one list to the next; with no line at hand, j goes to the first. */
export function useStoryKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
      if (step === 0) return;
      const lines = [...document.querySelectorAll<HTMLElement>(LINES)];
      const at = lines.indexOf(document.activeElement as HTMLElement);
      lines[at === -1 ? 0 : at + step]?.focus();
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
