import { useState } from "react";
import { Link } from "wouter";
import type { Entry, Evidence, EvidenceLine } from "../../api/types";
import { LINES } from "../../app/routes";
import { stripAnsi } from "../../lib/ansi";
import { formatClock, formatNs, nsToMs } from "../../lib/time";
import { aroundView } from "../../lines/links";
import { MessageText } from "../../lines/MessageText";
import { linkTo, useView } from "../../state/useView";
import { Button, buttonClass } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Panel } from "../../ui/Panel";
import { ScrollBox } from "../../ui/ScrollBox";
import { EmptyState } from "../../ui/States";

const SLOTS: Record<Evidence["slot"], string> = { first: "First", last: "Last", spread: "Sample" };

/** The events that are kept whole, one at a time: the traceback as code, and the lines around it. */
export function EvidencePanel({ evidence }: { evidence: readonly Evidence[] }) {
  const [index, setIndex] = useState<number | null>(null);
  const at = index ?? evidence.length - 1;
  const shown = evidence[at];
  return (
    <Panel
      title="What was logged"
      note={shown && formatNs(shown.ts)}
      actions={
        evidence.length > 1 && (
          <>
            <Button size="sm" look="quiet" disabled={at === 0} onClick={() => setIndex(at - 1)}>
              Older
            </Button>
            <span className="text-meta whitespace-nowrap text-muted">
              {shown && SLOTS[shown.slot]} · {at + 1} of {evidence.length}
            </span>
            <Button
              size="sm"
              look="quiet"
              disabled={at === evidence.length - 1}
              onClick={() => setIndex(at + 1)}
            >
              Newer
            </Button>
          </>
        )
      }
    >
      {shown ? <Shown evidence={shown} /> : <EmptyState title="No event is kept of this issue yet" />}
    </Panel>
  );
}

function Shown({ evidence }: { evidence: Evidence }) {
  const { view } = useView();
  const entry: Entry = { ...evidence, metadata: {} };
  return (
    <div className="grid min-w-0 gap-3 px-4 pb-4">
      <ScrollBox
        label="The event"
        className="max-h-[70vh] overflow-auto rounded-md border border-line bg-bg p-3"
      >
        <Around lines={evidence.before} />
        <MessageText entry={entry} raw={false} />
        <Around lines={evidence.after} />
      </ScrollBox>
      <div className="flex flex-wrap items-center gap-2">
        <CopyButton words label="Copy" text={evidence.line} />
        <Link href={linkTo(LINES.path, aroundView(view, entry))} className={buttonClass("outline", "sm")}>
          Lines of all services then
        </Link>
        {!evidence.context && (
          <span className="text-meta text-muted">The lines around it were not read yet.</span>
        )}
      </div>
    </div>
  );
}

/** Lines of the same stream before or after the event, muted. */
function Around({ lines }: { lines: readonly EvidenceLine[] }) {
  if (lines.length === 0) return null;
  return (
    <details className="my-1 text-muted">
      <summary className="cursor-pointer text-meta">
        {lines.length} lines around it, {formatClock(nsToMs(lines[0]?.ts ?? "0"))} to{" "}
        {formatClock(nsToMs(lines.at(-1)?.ts ?? "0"))}
      </summary>
      <pre className="font-mono text-code whitespace-pre-wrap" dir="auto">
        {lines.map(({ line }) => stripAnsi(line)).join("\n")}
      </pre>
    </details>
  );
}
