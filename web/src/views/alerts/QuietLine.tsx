import { useSilences } from "../../api/alerts";
import type { FiringAlert } from "../../api/types";
import { isLoud } from "../../lib/alerts";
import { plural } from "../../lib/format";
import { describeSpan } from "../../lib/time";
import { useNow } from "../../state/useNow";
import { UnsilenceButton } from "./UnsilenceButton";

/** What keeps a firing alert from notifying: who, why and for how long. Nothing for a loud one. */
export function QuietLine({ alert }: { alert: FiringAlert }) {
  const now = useNow(10_000);
  const { data } = useSilences(alert.silenced_by.length > 0);
  const silences = data?.silences.filter(({ id }) => alert.silenced_by.includes(id)) ?? [];
  if (isLoud(alert)) return null;
  return (
    <div className="relative z-10 grid justify-items-start text-meta text-muted">
      {silences.map((silence) => (
        <p key={silence.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-0.5">
          <span dir="auto">
            Silenced by {silence.created_by} for {describeSpan(Math.max(0, Date.parse(silence.end) - now))}{" "}
            more: {silence.reason}
          </span>
          <UnsilenceButton id={silence.id} />
        </p>
      ))}
      {silences.length === 0 && alert.silenced_by.length > 0 && <p>Silenced</p>}
      {alert.inhibited_by.length > 0 && (
        <p>Held back by {plural(alert.inhibited_by.length, "other alert")} of the same cause</p>
      )}
      {alert.muted_by.length > 0 && <p dir="auto">Muted at this time: {alert.muted_by.join(", ")}</p>}
    </div>
  );
}
