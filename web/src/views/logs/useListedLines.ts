import { useLogs } from "../../api/queries";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";

/** How many lines a page has where a linked line is looked for: it may be far down. */
const LINKED_PAGE_LINES = 1000;

/** The lines that the list of the view begins with; a live tail goes on from the newest. */
export function useListedLines(enabled = true) {
  const { view } = useView();
  const anchor = useAnchor();
  const listed = view.tail ? ({ ...view, order: "newest" } as const) : view;
  const limit = view.line === "" || view.tail ? undefined : LINKED_PAGE_LINES;
  return useLogs(listed, anchor, { limit, enabled });
}
