import type { IssueState } from "../api/types";
import { cx } from "./cx";

const LOOKS: Record<IssueState, string> = {
  new: "border-error/40 text-error",
  regressed: "border-warn/40 text-warn",
  ongoing: "border-line text-muted",
  resolved: "border-ok/40 text-ok",
  snoozed: "border-line text-muted",
};

/** The state of an issue in a word. */
export function StateBadge({ state }: { state: IssueState }) {
  return <Badge className={LOOKS[state]}>{state}</Badge>;
}

/** Says that an issue is far more frequent than usual. */
export function SpikeBadge() {
  return <Badge className="border-critical/40 text-critical">spiking</Badge>;
}

function Badge({ className, children }: { className?: string | undefined; children: string }) {
  return (
    <span className={cx("rounded-full border px-1.5 text-meta leading-4 whitespace-nowrap", className)}>
      {children}
    </span>
  );
}
