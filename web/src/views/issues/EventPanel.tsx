import type { Entry, Evidence, EvidenceLine, IssueDetail } from "../../api/types";
import { stripAnsi } from "../../lib/ansi";
import { plural } from "../../lib/format";
import { formatClock, formatExact, formatNs, nsToMs, zoneMark } from "../../lib/time";
import { MessageText } from "../../lines/MessageText";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Panel } from "../../ui/Panel";
import { ScrollBox } from "../../ui/ScrollBox";
import { EmptyState, ErrorState, Skeleton } from "../../ui/States";
import { type ShownEvent, useShownEvent } from "./useShownEvent";

const SLOTS: Record<Evidence["slot"], string> = {
  first: "The first event",
  last: "The last that is kept",
  spread: "A sample",
};

/** One event whole: the traceback as code, and the lines around it. */
export function EventPanel({ issue }: { issue: IssueDetail }) {
  const { shown, query, older, newer, show } = useShownEvent(issue);
  const kept = shown?.evidence;
  return (
    <Panel
      title={kept ? SLOTS[kept.slot] : "An event"}
      note={shown && <time title={formatNs(shown.ts)}>{formatExact(nsToMs(shown.ts))}</time>}
      actions={
        <>
          <Button size="sm" look="quiet" disabled={!older} onClick={() => older && show(older)}>
            Older
          </Button>
          <Button size="sm" look="quiet" disabled={!newer} onClick={() => newer && show(newer)}>
            Newer
          </Button>
          {shown && <CopyButton words label="Copy" text={shown.line} />}
        </>
      }
    >
      {shown && <WholeEvent shown={shown} />}
      {!shown && query.isLoading && <Skeleton className="m-4 h-48" />}
      {!shown && query.isError && <ErrorState error={query.error} onRetry={() => query.refetch()} />}
      {!shown && !query.isLoading && !query.isError && (
        <EmptyState title="This event is not kept any more" hint="Older and Newer lead to those that are." />
      )}
    </Panel>
  );
}

/** The text of an event, with the lines around it folded. */
export function WholeEvent({ shown }: { shown: ShownEvent }) {
  const entry: Entry = { id: shown.id, ts: shown.ts, line: shown.line, labels: shown.labels, metadata: {} };
  const { evidence } = shown;
  return (
    <div className="grid min-w-0 gap-2 px-4 pb-4">
      <Around name="before" lines={evidence?.before ?? []} />
      <ScrollBox label="The event" className="overflow-x-auto rounded-md border border-line bg-bg p-3">
        <MessageText key={shown.id} entry={entry} raw={false} />
      </ScrollBox>
      <Around name="after" lines={evidence?.after ?? []} />
      {!evidence?.context && (
        <p className="text-meta text-muted">
          {evidence
            ? "The lines around it were not read yet."
            : "The lines around it are kept of samples only."}
        </p>
      )}
    </div>
  );
}

/** Lines of the same stream before or after the event, folded. */
function Around({ name, lines }: { name: string; lines: readonly EvidenceLine[] }) {
  const [first, last] = [lines[0], lines.at(-1)];
  if (!first || !last) return null;
  return (
    <details className="text-muted">
      <summary className="cursor-pointer rounded-sm text-meta hover:text-text pointer-coarse:py-3">
        {plural(lines.length, "line")} {name} it, {formatClock(nsToMs(first.ts))} to{" "}
        {formatClock(nsToMs(last.ts))}
        {zoneMark()}
      </summary>
      <ScrollBox label={`The lines ${name} it`} className="mt-1 max-h-96 overflow-auto">
        <pre className="font-mono text-code whitespace-pre-wrap" dir="auto">
          {lines.map(({ line }) => stripAnsi(line)).join("\n")}
        </pre>
      </ScrollBox>
    </details>
  );
}
