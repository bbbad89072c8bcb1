import { Link, useLocation } from "wouter";
import { useAlerts } from "../api/alerts";
import { countOpen, useIssueStates } from "../api/issues";
import { useHealth } from "../api/queries";
import { countLoud } from "../lib/alerts";
import { formatShort } from "../lib/format";
import { useAnchor } from "../state/anchor";
import { withTail } from "../state/filters";
import { linkTo, useView } from "../state/useView";
import { cx } from "../ui/cx";
import { VerdictMark } from "../ui/Verdict";
import { ALERTS, HEALTH, ISSUES, ROUTES, type RouteInfo, routeOf } from "./routes";

/** The views as tabs; range and filters go along. */
export function TopTabs() {
  const { view } = useView();
  const current = routeOf(useLocation()[0]);
  return (
    <nav aria-label="Views" className="hidden self-stretch md:flex">
      {ROUTES.map((route) => (
        <Link
          key={route.path}
          href={linkTo(route.path, withTail(view, false))}
          aria-current={current === route ? "page" : undefined}
          className={cx(
            "flex items-center gap-1.5 border-b-2 px-3 transition-colors duration-100",
            current === route
              ? "border-accent font-semibold text-text"
              : "border-transparent text-muted hover:text-text",
          )}
        >
          {route.name}
          <State of={route} />
        </Link>
      ))}
    </nav>
  );
}

/** What a view has to say, beside its name. */
function State({ of }: { of: RouteInfo }) {
  if (of === HEALTH) return <HealthState />;
  if (of === ISSUES) return <IssueCount />;
  return of === ALERTS ? <AlertCount /> : null;
}

/** How well the system is. */
function HealthState() {
  const { data } = useHealth();
  return data ? <VerdictMark verdict={data.verdict} size={8} /> : null;
}

/** How many issues are new or came back, in whatever time and service; nothing for none. */
function IssueCount() {
  const { view } = useView();
  const { data } = useIssueStates(view, useAnchor().now);
  const count = data ? countOpen(data) : 0;
  if (count === 0) return null;
  return (
    <span className="font-semibold text-error" title="new or came back, and nobody has settled them">
      {formatShort(count)}
    </span>
  );
}

/** The same as a bar at the bottom of narrow screens. */
export function BottomTabs() {
  const { view } = useView();
  const current = routeOf(useLocation()[0]);
  return (
    <nav
      aria-label="Views"
      className="flex shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {ROUTES.map((route) => (
        <Link
          key={route.path}
          href={linkTo(route.path, withTail(view, false))}
          aria-current={current === route ? "page" : undefined}
          className={cx(
            "flex h-12 flex-1 flex-col items-center justify-center text-meta",
            current === route ? "font-semibold text-accent" : "text-muted",
          )}
        >
          <route.icon size={18} aria-hidden />
          <span className="flex items-center gap-1">
            {route.name}
            <State of={route} />
          </span>
        </Link>
      ))}
    </nav>
  );
}

/** How many alerts fire and are not silenced; nothing for none. */
function AlertCount() {
  const { view } = useView();
  const { data } = useAlerts(view);
  const loud = data ? countLoud(data) : 0;
  if (loud === 0) return null;
  return (
    <span data-alert-count={loud} className="font-semibold text-error">
      {formatShort(loud)}
      <span className="sr-only"> firing</span>
    </span>
  );
}
