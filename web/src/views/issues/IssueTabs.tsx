import { Link } from "wouter";
import type { IssueDetail } from "../../api/types";
import { issuePath } from "../../app/routes";
import { linkTo, useView } from "../../state/useView";
import { cx } from "../../ui/cx";

/** The parts of an issue's page, as its address names them. */
const PARTS = ["", "occurrences", "around", "grouping", "history"] as const;
export type Part = (typeof PARTS)[number];

/** The part of an address; the first one for what is none. */
export function toPart(text: string | undefined): Part {
  return PARTS.find((part) => part === text) ?? "";
}

/** The parts as tabs, each with an address of its own. */
export function IssueTabs({ issue, part }: { issue: IssueDetail; part: Part }) {
  const { view } = useView();
  const names: Record<Part, string> = {
    "": issue.kind === "exception" ? "Traceback" : "Event",
    occurrences: "Occurrences",
    around: "Around it",
    grouping: "Grouping",
    history: "History",
  };
  return (
    <nav aria-label="Parts of the issue" className="flex overflow-x-auto border-b border-line">
      {PARTS.map((one) => (
        <Link
          key={one}
          href={linkTo(issuePath(issue.id, one), view)}
          aria-current={one === part ? "page" : undefined}
          className={cx(
            "-mb-px flex h-9 shrink-0 items-center border-b-2 px-3 whitespace-nowrap transition-colors duration-100 pointer-coarse:h-10",
            one === part
              ? "border-accent font-semibold text-text"
              : "border-transparent text-muted hover:text-text",
          )}
        >
          {names[one]}
        </Link>
      ))}
    </nav>
  );
}
