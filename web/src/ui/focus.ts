/** When nothing has the focus, because what had it is gone, gives it to the element, or to the view if that is gone too. */
export function keepFocus(to: Element | null = null): void {
  if (hasFocus(document.activeElement)) return;
  const before = hasFocus(to) && to.isConnected ? to : null;
  (before ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

/** True if a key was meant for the page as a whole: nothing has the focus, or the view has it. */
export function isForPage({ target }: KeyboardEvent): boolean {
  return target === document.body || (target instanceof Element && target.id === "main");
}

function hasFocus(element: Element | null): element is HTMLElement {
  return element instanceof HTMLElement && element !== document.body;
}
