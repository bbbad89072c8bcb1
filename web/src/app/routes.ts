import { Bell, Bug, HeartPulse, LayoutDashboard, List, type LucideIcon } from "lucide-react";

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

export const ISSUES: RouteInfo = { path: "/issues", name: "Issues", key: "i", icon: Bug };

export const HEALTH: RouteInfo = { path: "/health", name: "Health", key: "h", icon: HeartPulse };
export const ALERTS: RouteInfo = { path: "/alerts", name: "Alerts", key: "a", icon: Bell };

export const ROUTES: readonly RouteInfo[] = [OVERVIEW, ISSUES, LINES, HEALTH, ALERTS];

/** Paths of the views that the filter of levels narrows. */
export const HAVE_LEVELS: readonly string[] = [OVERVIEW.path, ISSUES.path, LINES.path];

/** Path of the story of a request, which has no tab. */
export const STORY = "/story";

/** How much is logged; it has no tab. */
export const USAGE = { path: "/usage", name: "Usage", key: "u" } as const;

/** Path of the settings of notifications, which have no tab. */
export const NOTIFICATIONS = "/settings/notifications";

/** Path of the list of what is frozen, which has no tab. */
export const SNAPSHOTS = "/snapshots";

/** Path below which each snapshot is. */
export const SNAPSHOT = "/snapshot";

/** Path of one snapshot. */
export function snapshotPath(id: string): string {
  return `${SNAPSHOT}/${id}`;
}

/** True for a path of one snapshot. */
export function isSnapshot(path: string): boolean {
  return path.startsWith(`${SNAPSHOT}/`);
}

/** Path of the view in which lines are filtered from another one: the logs, but a snapshot filters its own. */
export function linesPath(path: string): string {
  return isSnapshot(path) ? path : LINES.path;
}

/** Path of one issue, or of one of its parts. */
export function issuePath(id: number, part = ""): string {
  return `${ISSUES.path}/${id}${part && `/${part}`}`;
}

/** Path of one episode of an alert. */
export function alertPath(id: number): string {
  return `${ALERTS.path}/${id}`;
}

/** The tab that a path belongs to. */
export function routeOf(path: string): RouteInfo | undefined {
  return ROUTES.find(
    (route) => route.path === path || (route.path !== "/" && path.startsWith(`${route.path}/`)),
  );
}

/** Which of the controls at the top act in a view. */
export interface Controls {
  env: boolean;
  range: boolean;
  /** True where it is worth loading the newest. */
  reload: boolean;
}

/** What acts in the view at a path: what has no effect there is not offered. */
export function controlsOf(path: string): Controls {
  // A story has lines of all environments; usage has days of its own.
  if (path === STORY) return { env: false, range: true, reload: true };
  if (path === USAGE.path) return { env: true, range: false, reload: true };
  const route = routeOf(path);
  // An episode of an alert has its own time and environment.
  if (route === ALERTS && path !== ALERTS.path) return { env: false, range: false, reload: true };
  const all = route !== undefined;
  return { env: all, range: all, reload: all };
}
