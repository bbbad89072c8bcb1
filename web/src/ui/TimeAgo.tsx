import { ago, formatExact } from "../lib/time";
import { useNow } from "../state/useNow";

/** "3 min ago", with the exact time on hover. */
export function TimeAgo({ ms, className }: { ms: number; className?: string }) {
  const now = useNow();
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatExact(ms)} className={className}>
      {ago(ms, now)}
    </time>
  );
}
