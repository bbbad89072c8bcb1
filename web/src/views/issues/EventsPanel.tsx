import { Download } from "lucide-react";
import { Link } from "wouter";
import { apiUrl } from "../../api/client";
import { eventParams, useIssueEvents } from "../../api/issues";
import type { Entry, IssueEvent } from "../../api/types";
import { issuePath, STORY } from "../../app/routes";
import { formatNs, formatSecond, nsToMs, zoneOffset } from "../../lib/time";
import { storyView } from "../../lines/links";
import { MessageText } from "../../lines/MessageText";
import { useAnchor } from "../../state/anchor";
import { linkTo, useView } from "../../state/useView";
import { Button, buttonClass } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Panel } from "../../ui/Panel";
import { ScrollBox } from "../../ui/ScrollBox";
import { EmptyState, ErrorState, Skeleton } from "../../ui/States";
import { EventFacts } from "./EventFacts";
import { placeText } from "./useShownEvent";

/** The events of the page's range, the newest first; the one that the address names is open in its place. */
export function EventsPanel({ id }: { id: number }) {
  const { view } = useView();
  const anchor = useAnchor();
  const query = useIssueEvents(id, view, anchor);
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <Panel
      title="Events"
      note={`of this time, the newest first; ${zoneOffset(anchor.endMs)}`}
      actions={
        <a
          href={apiUrl(`issues/${id}/export`, eventParams(view, anchor))}
          download
          className={buttonClass("quiet", "sm")}
        >
          <Download size={14} aria-hidden />
          Export
        </a>
      }
    >
      {query.isPending && <Skeleton className="m-4 h-24" />}
      {query.isError && !query.data && (
        <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-32" />
      )}
      {query.data && events.length === 0 && (
        <EmptyState title="No events in this time" hint="Choose a longer time above." />
      )}
      <ul>
        {events.map((event) => (
          <EventRow key={`${event.ts} ${event.id}`} issue={id} event={event} />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="flex justify-center border-t border-line p-2">
          <Button size="sm" onClick={() => query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            Load older events
          </Button>
        </div>
      )}
    </Panel>
  );
}

interface EventProps {
  issue: number;
  event: IssueEvent;
}

function EventRow({ issue, event }: EventProps) {
  const { view, setView } = useView();
  const key = placeText(event);
  const open = view.line === key;
  const toggle = () => setView({ ...view, line: open ? "" : key }, { replace: true });
  return (
    <li data-event={event.id} className="border-t border-line">
      <button
        type="button"
        aria-expanded={open}
        onClick={toggle}
        className="flex min-h-8 w-full items-center gap-3 px-4 py-1 text-left hover:bg-hover pointer-coarse:min-h-10"
      >
        <time className="shrink-0 font-mono text-code text-muted" title={formatNs(event.ts)}>
          {formatSecond(nsToMs(event.ts))}
        </time>
        <span className="min-w-0 flex-1 truncate" dir="auto">
          {event.message || event.type}
        </span>
        <span className="hidden truncate text-meta text-muted sm:inline">
          {[event.service, event.env, event.tags.host].filter(Boolean).join(" · ")}
        </span>
      </button>
      {open && <EventDetail issue={issue} event={event} />}
    </li>
  );
}

function EventDetail({ issue, event }: EventProps) {
  const { view } = useView();
  const here = { ...view, line: placeText(event) };
  const entry: Entry = {
    id: event.id,
    ts: event.ts,
    line: event.text || event.message,
    labels: {},
    metadata: {},
  };
  return (
    <div className="grid gap-2 bg-bg px-4 py-3">
      <ScrollBox label="The event" className="max-h-96 overflow-auto">
        <MessageText entry={entry} raw={false} />
      </ScrollBox>
      <p className="flex flex-wrap gap-2">
        <CopyButton words label="Copy" text={entry.line} />
        <Link href={linkTo(issuePath(issue, "around"), here)} className={buttonClass("outline", "sm")}>
          Around it
        </Link>
        {event.correlation_id !== "" && (
          <Link
            href={linkTo(STORY, storyView(view, event.correlation_id, event.ts))}
            className={buttonClass("outline", "sm")}
          >
            Its request
          </Link>
        )}
      </p>
      <EventFacts event={event} />
    </div>
  );
}
