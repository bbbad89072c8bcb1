import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Entry, EventPlace, EvidenceLine, IssueDetail } from "../../api/types";
import { LINES } from "../../app/routes";
import { stripAnsi } from "../../lib/ansi";
import { plural } from "../../lib/format";
import { formatClock, formatExact, formatNs, nsToMs, zoneMark } from "../../lib/time";
import { aroundView, betweenView } from "../../lines/links";
import { MessageText } from "../../lines/MessageText";
import { linkTo, useView } from "../../state/useView";
import type { View } from "../../state/view";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Panel } from "../../ui/Panel";
import { ScrollBox } from "../../ui/ScrollBox";
import { EmptyState, ErrorState, Skeleton } from "../../ui/States";
import { placeText, type ShownEvent, type Step, useShownEvent, useSteps } from "./useShownEvent";

/** One event whole: the traceback as code, and the lines around it. */
export function EventPanel({ issue }: { issue: IssueDetail }) {
  const { place, shown, query } = useShownEvent(issue);
  const { older, newer } = useSteps(issue, place);
  const { view } = useView();
  return (
    <Panel
      title={titleOf(issue, place, shown)}
      note={shown && <time title={formatNs(shown.ts)}>{formatExact(nsToMs(shown.ts))}</time>}
      actions={
        <>
          <StepButton name="Older" step={older} />
          <StepButton name="Newer" step={newer} />
          {shown && <CopyButton words label="Copy" text={shown.line} />}
        </>
      }
    >
      {shown && (
        <WholeEvent shown={shown}>
          <LinesLink view={aroundView(view, entryOf(shown))}>All lines of that minute</LinesLink>
        </WholeEvent>
      )}
      {!shown && query.isLoading && <Skeleton className="m-4 h-48" />}
      {!shown && query.isError && <ErrorState error={query.error} onRetry={() => query.refetch()} />}
      {!shown && !query.isLoading && !query.isError && (
        <EmptyState title="This event is not kept any more" hint="Older and Newer lead to those that are." />
      )}
      {place && older?.gap && <Gap issue={issue} name="older" from={older.to} to={place} />}
      {place && newer?.gap && <Gap issue={issue} name="newer" from={place} to={newer.to} />}
    </Panel>
  );
}

function titleOf({ newest }: IssueDetail, place: EventPlace | null, shown: ShownEvent | null): string {
  if (shown?.evidence?.slot === "first") return "The first event";
  return place && place.id === newest?.id ? "The newest event" : "An event";
}

/** Leads to the next event, in the address. It keeps the focus while that is looked for. */
function StepButton({ name, step }: { name: string; step: Step | null | undefined }) {
  const { view, setView } = useView();
  const go = () => step && setView({ ...view, line: placeText(step.to) }, { replace: true });
  return (
    <Button
      size="sm"
      look="quiet"
      disabled={step === null}
      aria-disabled={step === undefined || undefined}
      onClick={go}
    >
      {name}
    </Button>
  );
}

interface GapProps {
  issue: IssueDetail;
  name: string;
  from: EventPlace;
  to: EventPlace;
}

/** Says that events between two are not kept, and where their lines would be. */
function Gap({ issue, name, from, to }: GapProps) {
  const { view } = useView();
  return (
    <p className="flex flex-wrap gap-x-2 border-t border-line px-4 py-2 text-meta text-muted">
      Between this and the {name} one, {formatExact(nsToMs(from.ts))} to {formatExact(nsToMs(to.ts))}, events
      are not kept any more.
      <LinesLink view={betweenView(view, issue, from.ts, to.ts)}>The lines of that time</LinesLink>
    </p>
  );
}

function LinesLink({ view, children }: { view: View; children: string }) {
  return (
    <Link href={linkTo(LINES.path, { ...view, line: "" })} className="text-accent hover:underline">
      {children}
    </Link>
  );
}

const entryOf = ({ id, ts, line, labels }: ShownEvent): Entry => ({ id, ts, line, labels, metadata: {} });

/** The text of an event, with the lines around it folded; `children` lead to them where they are not kept. */
export function WholeEvent({ shown, children }: { shown: ShownEvent; children?: ReactNode }) {
  const { evidence } = shown;
  return (
    <div className="grid min-w-0 gap-2 px-4 pb-4">
      <Around name="before" lines={evidence?.before ?? []} />
      <ScrollBox label="The event" className="overflow-x-auto rounded-md border border-line bg-bg p-3">
        <MessageText key={shown.id} entry={entryOf(shown)} raw={false} />
      </ScrollBox>
      <Around name="after" lines={evidence?.after ?? []} />
      {!evidence?.context && (
        <p className="flex flex-wrap gap-x-2 text-meta text-muted">
          {evidence
            ? "The lines around it were not read yet."
            : "The lines around it are kept of samples only."}
          {children}
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
