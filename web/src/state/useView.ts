import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { formatView, parseView, type View } from "./view";

export interface ViewState {
  view: View;
  /** Shows the changed view; `replace` keeps the browser's Back where it was. */
  setView: (next: View, options?: { replace?: boolean }) => void;
}

/** The view that the address describes. */
export function useView(): ViewState {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const view = useMemo(() => parseView(search), [search]);
  const setView = useCallback<ViewState["setView"]>(
    (next, options) => navigate(linkTo(path, next), { replace: options?.replace ?? false }),
    [navigate, path],
  );
  return { view, setView };
}

/** Address of a view on a path, relative to the page's root. */
export function linkTo(path: string, view: View): string {
  const search = formatView(view);
  return search === "" ? path : `${path}?${search}`;
}
