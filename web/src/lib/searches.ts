import type { SavedSearch } from "../api/types";
import { formatView, type View } from "../state/view";

/** What of a view is a search: neither the line that is open nor that it is live. */
export function savedView(view: View): string {
  return formatView({ ...view, line: "", request: "", component: "", tail: false, zone: null });
}

/** Address of a saved search on the page. */
export function searchLink({ path, view }: Pick<SavedSearch, "path" | "view">): string {
  return `/${path}${view && `?${view}`}`;
}
