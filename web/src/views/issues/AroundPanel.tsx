import { Link } from "wouter";
import { useHealthSeries, useLogs } from "../../api/queries";
import type { Entry, IssueDetail } from "../../api/types";
import { HEALTH, LINES, STORY } from "../../app/routes";
import { parseRecord } from "../../lib/message";
import { formatNs, nsToMs } from "../../lib/time";
import { aroundView, storyView } from "../../lines/links";
import { allLines } from "../../state/filters";
import { linkTo, useView } from "../../state/useView";
import { emptyFilters, type View } from "../../state/view";
import { buttonClass } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { EmptyState, ErrorState, Skeleton, SmallErrorState } from "../../ui/States";
import { Graph, Unanswered } from "../health/Graphs";
import { AroundLines } from "./AroundLines";
import { type ShownEvent, useShownEvent } from "./useShownEvent";

/** How far a request's own lines are looked for, to each side. */
const REQUEST_MS = 10 * 60_000;
/** How near lines of other services are. */
const NEAR_MS = 2000;
const REQUEST_LINES = 200;
const NEAR_LINES = 50;
/** Whose graphs are shown, how far to each side, and how many. */
const MACHINES: readonly Machine[] = [
  { component: "host", name: "Host" },
  { component: "pgbouncer", name: "PgBouncer" },
];
const MACHINE_MS = 5 * 60_000;
const MACHINE_GRAPHS = 2;

/** What else happened: lines of the same request, of other services within two seconds, and the machines meanwhile. */
export function AroundPanel({ issue }: { issue: IssueDetail }) {
  const { shown, query } = useShownEvent(issue);
  if (!shown && query.isLoading) return <Skeleton className="h-64" />;
  if (!shown) {
    return query.isError ? (
      <ErrorState error={query.error} onRetry={() => query.refetch()} />
    ) : (
      <EmptyState title="No event is kept of this issue" />
    );
  }
  const correlation = shown.correlation || correlationOf(shown.line);
  return (
    <>
      <Head shown={shown} />
      {correlation ? (
        <SameRequest shown={shown} correlation={correlation} />
      ) : (
        <Panel title="The same request">
          <p className="max-w-prose px-4 pb-3 text-muted">
            This event has no correlation id, so nothing says which lines belong to its request. A logger that
            adds the field <code>correlation_id</code> to its lines makes them appear here.
          </p>
        </Panel>
      )}
      <Nearby shown={shown} without={correlation} />
      {MACHINES.map((machine) => (
        <Machine key={machine.component} shown={shown} {...machine} />
      ))}
    </>
  );
}

function Head({ shown }: { shown: ShownEvent }) {
  const { view } = useView();
  const entry: Entry = { id: shown.id, ts: shown.ts, line: shown.line, labels: shown.labels, metadata: {} };
  return (
    <p className="flex flex-wrap items-center gap-2">
      <span className="text-muted">
        Around the event of <time className="font-mono text-code">{formatNs(shown.ts)}</time>
      </span>
      <Link
        href={linkTo(LINES.path, { ...aroundView(view, entry), line: "" })}
        className={buttonClass("outline", "sm")}
      >
        All lines of that minute
      </Link>
    </p>
  );
}

interface AroundProps {
  shown: ShownEvent;
}

/** Every line that carries the id, of whatever service and environment. */
function SameRequest({ shown, correlation }: AroundProps & { correlation: string }) {
  const { view } = useView();
  const ms = nsToMs(shown.ts);
  const wanted: View = { ...bare(view), q: [correlation], order: "oldest" };
  const bounds = { startMs: ms - REQUEST_MS, endMs: ms + REQUEST_MS };
  const query = useLogs(wanted, bounds, { limit: REQUEST_LINES });
  const page = query.data?.pages[0];
  return (
    <Panel
      title="The same request"
      note={<span className="font-mono">{correlation}</span>}
      actions={
        <Link
          href={linkTo(STORY, storyView(view, correlation, shown.ts))}
          className={buttonClass("quiet", "sm")}
        >
          Its story
        </Link>
      }
    >
      <AroundLines
        label="Lines of the same request"
        entries={page?.entries}
        event={shown}
        error={query.error}
        onRetry={query.refetch}
        empty="No line of Loki carries this id within ten minutes: the lines may be past its retention."
        note={page?.next_cursor ? `The first ${REQUEST_LINES} lines of it.` : ""}
      />
    </Panel>
  );
}

/** Lines of other services of the same environment, which may have nothing to do with it. */
function Nearby({ shown, without }: AroundProps & { without: string }) {
  const { view } = useView();
  const ms = nsToMs(shown.ts);
  const filters = emptyFilters();
  const { env, service } = shown.labels;
  if (env) filters.env = { include: [env], exclude: [] };
  if (service) filters.service = { include: [], exclude: [service] };
  const wanted: View = { ...bare(view), filters };
  const before = useLogs(
    { ...wanted, order: "newest" },
    { startMs: ms - NEAR_MS, endMs: ms },
    { limit: NEAR_LINES },
  );
  const after = useLogs(
    { ...wanted, order: "oldest" },
    { startMs: ms, endMs: ms + NEAR_MS },
    { limit: NEAR_LINES },
  );
  const [earlier, later] = [before.data?.pages[0], after.data?.pages[0]];
  const entries = earlier && later && [...earlier.entries.toReversed(), ...later.entries];
  const cut = earlier?.next_cursor || later?.next_cursor;
  return (
    <Panel title="Nearby" note="other services within two seconds; nothing says that they belong together">
      <AroundLines
        label="Lines nearby"
        entries={entries?.filter(({ line }) => without === "" || !line.includes(without))}
        event={shown}
        error={before.error ?? after.error}
        onRetry={() => {
          before.refetch();
          after.refetch();
        }}
        empty="No other service logged a line then."
        note={cut ? `The ${NEAR_LINES} nearest lines to each side.` : ""}
      />
    </Panel>
  );
}

interface Machine {
  component: string;
  name: string;
}

/** Graphs of a component in the minutes around the event. */
function Machine({ shown, component, name }: AroundProps & Machine) {
  const ms = nsToMs(shown.ts);
  const bounds = { startMs: ms - MACHINE_MS, endMs: ms + MACHINE_MS };
  const { view } = useView();
  const { data, isError, error, refetch } = useHealthSeries(component, bounds);
  const there: View = { ...bare(view), component, range: { kind: "absolute", ...bounds } };
  return (
    <Panel
      title={name}
      note="five minutes to each side of the event"
      actions={
        <Link href={linkTo(HEALTH.path, there)} className={buttonClass("quiet", "sm")}>
          All graphs
        </Link>
      }
    >
      {data?.partial && <Unanswered onRetry={() => refetch()} />}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 px-4 pb-3 sm:grid-cols-2">
        {isError && !data && (
          <SmallErrorState what="The graphs" error={error} onRetry={() => refetch()} className="min-h-32" />
        )}
        {!data && !isError && <Skeleton className="h-36 sm:col-span-2" />}
        {data?.graphs.slice(0, MACHINE_GRAPHS).map((graph) => (
          <Graph key={graph.name} answer={data} graph={graph} />
        ))}
      </div>
    </Panel>
  );
}

/** The view without anything that selects lines. */
function bare(view: View): View {
  return { ...allLines(view), filters: emptyFilters() };
}

/** The id that a JSON record carries itself, for events that the index has no more. */
function correlationOf(line: string): string {
  const id = parseRecord(line)?.correlation_id;
  return typeof id === "string" ? id : "";
}
