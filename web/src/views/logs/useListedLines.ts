import { useLogs, useLogsAhead, useLogsParams } from "../../api/queries";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { isMetric, type View } from "../../state/view";

/** How many lines a page has where a linked line is looked for: it may be far down. */
const LINKED_PAGE_LINES = 1000;

/** The lines that the list of the view begins with, or those around a linked one; a live tail goes on from the newest. */
export function useListedLines(linked = "") {
  const { view } = useView();
  return useLogs(listed(view), useAnchor(), { limit: pageLines(view, linked) });
}

/** The parameters of their pages. */
export function useListedParams(linked = "") {
  const { view } = useView();
  return useLogsParams(listed(view), useAnchor(), pageLines(view, linked));
}

/** Begins to load the lines that the list will show, while the code of its view is still being loaded. */
export function useLinesAhead(): void {
  const { view } = useView();
  const enabled = !isMetric(view.query) && (view.tail || view.show === "lines");
  useLogsAhead(listed(view), useAnchor(), { limit: pageLines(view, view.line), enabled });
}

function listed(view: View): View {
  return view.tail ? { ...view, order: "newest" } : view;
}

function pageLines(view: View, linked: string): number | undefined {
  return linked === "" || view.tail ? undefined : LINKED_PAGE_LINES;
}
