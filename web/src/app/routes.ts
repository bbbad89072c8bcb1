import { LayoutDashboard, List, type LucideIcon } from "lucide-react";

/** A view of the page; `key` follows "g" on the keyboard. */
export interface RouteInfo {
  path: string;
  name: string;
  key: string;
  icon: LucideIcon;
}

// The view of log lines is "/lines": under a prefix that is itself "/logs" a
// path "/logs" could not be told from the page's root.
export const OVERVIEW: RouteInfo = { path: "/", name: "Overview", key: "o", icon: LayoutDashboard };
export const LINES: RouteInfo = { path: "/lines", name: "Logs", key: "l", icon: List };

export const ROUTES: readonly RouteInfo[] = [OVERVIEW, LINES];
