import type { MouseEvent, ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { ISSUES } from "../../app/routes";
import { type Mode, withMark } from "../../state/filters";
import { linkTo, useView } from "../../state/useView";
import { cx } from "../../ui/cx";

interface FilterLinkProps {
  /** As `withMark` takes it. */
  name: string;
  value: string;
  /** How the value is shown, if not as it is. */
  children?: ReactNode;
  className?: string;
}

/** A value that leads to the issues that have it; with Alt to those that lack it. */
export function FilterLink({ name, value, children, className }: FilterLinkProps) {
  const { view } = useView();
  const [, navigate] = useLocation();
  const issues = (mode: Mode) => linkTo(ISSUES.path, withMark({ ...view, line: "" }, name, value, mode));
  const click = (event: MouseEvent) => {
    if (!event.altKey) return;
    event.preventDefault(); // the browser would download the page
    navigate(issues("exclude"));
  };
  return (
    <Link
      href={issues("include")}
      onClickCapture={click /* with Alt, Link does nothing */}
      title={`${value}: the issues with it; Alt-click: those without`}
      className={cx("rounded-sm hover:underline pointer-coarse:py-3", className)}
      dir="auto"
    >
      {children ?? value}
    </Link>
  );
}

/** A place in the code, as "module in function": leads to the issues that call the function. */
export function PlaceLink({ place }: { place: string }) {
  const [, func] = / in (\S+)/.exec(place) ?? [];
  if (!func) return <span>{place}</span>;
  return (
    <FilterLink name="frame" value={func}>
      {place}
    </FilterLink>
  );
}
