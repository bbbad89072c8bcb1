import { Link, useLocation } from "wouter";
import { useHealth } from "../api/queries";
import { withTail } from "../state/filters";
import { linkTo, useView } from "../state/useView";
import { cx } from "../ui/cx";
import { VerdictMark } from "../ui/Verdict";
import { HEALTH, ROUTES, type RouteInfo, routeOf } from "./routes";

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

/** How well the system is, beside the name of the view that says it. */
function State({ of }: { of: RouteInfo }) {
  const { data } = useHealth();
  return of === HEALTH && data ? <VerdictMark verdict={data.verdict} size={8} /> : null;
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
