import type { HealthComponent, HealthSignal } from "../../api/types";
import { formatExact } from "../../lib/time";
import { TimeAgo } from "../../ui/TimeAgo";
import { verdictWord } from "../../ui/Verdict";

/** Since when a verdict holds: "Degraded since 14:03:00 (3 min ago)". */
export function Since({ of, className }: { of: HealthComponent | HealthSignal; className?: string }) {
  if (!of.since) return null;
  const ms = Date.parse(of.since);
  return (
    <span className={className}>
      {verdictWord(of.verdict)} since {of.since_before && "before "}
      {formatExact(ms)} (<TimeAgo ms={ms} />)
    </span>
  );
}
