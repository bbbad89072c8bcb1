import { useSilences } from "../../api/alerts";
import type { Silence } from "../../api/types";
import { matcherWords } from "../../lib/alerts";
import { plural } from "../../lib/format";
import { formatExact } from "../../lib/time";
import { Panel } from "../../ui/Panel";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { UnsilenceButton } from "./UnsilenceButton";

/** What is silenced, by whom, why and until when. */
export function SilencesPanel() {
  const query = useSilences();
  const silences = query.data?.silences;
  return (
    <Panel title="Silences" note={silences && silences.length > 0 && plural(silences.length, "silence")}>
      {query.isPending && <Skeleton className="m-4 h-10" />}
      {query.isError && !silences && (
        <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-24" />
      )}
      {query.isError && silences && <Notice>{query.error.message} Showing what was loaded before.</Notice>}
      {silences?.length === 0 && <p className="px-4 pb-3 text-muted">Nothing is silenced.</p>}
      <ul>
        {silences?.map((silence) => (
          <SilenceRow key={silence.id} silence={silence} />
        ))}
      </ul>
    </Panel>
  );
}

function SilenceRow({ silence }: { silence: Silence }) {
  return (
    <li data-silence={silence.id} className="flex items-center gap-3 border-t border-line px-4 py-2">
      <div className="min-w-0 flex-1">
        <p dir="auto">{silence.reason}</p>
        <p className="text-meta text-muted">
          <span className="font-mono">{matcherWords(silence)}</span> · {silence.created_by} · ends{" "}
          <TimeAgo ms={Date.parse(silence.end)} />
          {silence.state === "pending" && `, begins ${formatExact(Date.parse(silence.start))}`}
        </p>
      </div>
      <UnsilenceButton id={silence.id} />
    </li>
  );
}
