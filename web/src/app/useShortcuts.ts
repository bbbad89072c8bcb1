import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { toggleErrors, withTail } from "../state/filters";
import { linkTo, useView } from "../state/useView";
import { focusSearch, SEARCH_STATE } from "../views/logs/focusSearch";
import { HAVE_LEVELS, ISSUES, isSnapshot, LINES, ROUTES, USAGE } from "./routes";
import { useTypedAhead } from "./useTypedAhead";

const CHORD_MS = 1000;

/** Keys of the page: ⌘K or Ctrl-K, g + letter, /, t, ? everywhere, s but for issues, e where levels are. Keys of a list are the list's own. */
export function useShortcuts(onHelp: () => void, onPalette: () => void, onShare: () => void): void {
  const { view, setView } = useView();
  const [path, navigate] = useLocation();
  const chordUntil = useRef(0);
  const keepTyped = useTypedAhead();
  useEffect(() => {
    const go = (to: string, state?: object) => navigate(linkTo(to, withTail(view, false)), { state });
    const actions: Record<string, () => void> = {
      "?": onHelp,
      "/": () => {
        if (hasSearch(path)) return focusSearch();
        keepTyped();
        go(LINES.path, SEARCH_STATE);
      },
      t: () => navigate(linkTo(LINES.path, withTail(view, path !== LINES.path || !view.tail))),
      ...(HAVE_LEVELS.includes(path) && { e: () => setView(toggleErrors(view)) }),
      // Issues are snoozed with it.
      ...(!path.startsWith(ISSUES.path) && { s: onShare }),
      g: () => {
        chordUntil.current = performance.now() + CHORD_MS;
      },
    };
    const onKey = (event: KeyboardEvent) => {
      if (isPaletteKey(event)) {
        event.preventDefault();
        return onPalette();
      }
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      const route = [...ROUTES, USAGE].find(({ key }) => key === event.key);
      const inChord = performance.now() < chordUntil.current;
      chordUntil.current = 0;
      const action = inChord && route ? () => go(route.path) : actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [keepTyped, navigate, onHelp, onPalette, onShare, path, setView, view]);
}

function hasSearch(path: string): boolean {
  return path === LINES.path || path === ISSUES.path || isSnapshot(path);
}

// Also while typing, but not over another dialog.
function isPaletteKey(event: KeyboardEvent): boolean {
  const chord = (event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey;
  return chord && event.key.toLowerCase() === "k" && document.querySelector("dialog[open]") === null;
}

/** True for keys that belong to a field or an open dialog. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.closest(
      "input:not([type=checkbox]), textarea, select, [contenteditable], [data-search], dialog, [role=dialog], [role=menu]",
    ) !== null
  );
}
