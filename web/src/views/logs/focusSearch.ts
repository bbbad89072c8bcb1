/** History state with which a navigation asks for the search field. */
export const SEARCH_STATE = { focus: "search" } as const;

/** Puts the cursor into the search field of the logs. */
export function focusSearch(): void {
  const field = document.querySelector<HTMLElement>("[data-search]");
  const editor = field?.shadowRoot?.querySelector<HTMLElement>("[contenteditable]");
  (editor ?? field)?.focus();
}
