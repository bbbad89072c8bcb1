import { CONTEXT_LINES, useContextLines } from "../api/lines";
import type { Entry } from "../api/types";
import { toLevel } from "../lib/levels";
import { preview } from "../lib/message";
import { formatClock, formatNs, nsToMs } from "../lib/time";
import { useView } from "../state/useView";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { LevelBar, LevelTag } from "../ui/LevelTag";
import { LogText } from "../ui/LogText";
import { Skeleton, SmallErrorState } from "../ui/States";

type Side = "before" | "after";

/** What the same stream logged before and after a line, whatever filters are in force; each side grows by itself. */
export function ContextLines({ entry }: { entry: Entry }) {
  const before = useContextLines(entry, "before");
  const after = useContextLines(entry, "after");
  return (
    <section
      aria-label="Lines before and after"
      data-context
      className="mb-3 scroll-mt-24 rounded-md border border-line bg-panel font-mono text-code"
    >
      <Edge side="before" query={before} />
      <ol aria-label="Lines before">
        {linesOf(before, entry)
          .toReversed()
          .map((line) => (
            <Line key={line.id} line={line} />
          ))}
      </ol>
      <Line line={entry} here />
      <ol aria-label="Lines after">
        {linesOf(after, entry).map((line) => (
          <Line key={line.id} line={line} />
        ))}
      </ol>
      <Edge side="after" query={after} />
    </section>
  );
}

type Query = ReturnType<typeof useContextLines>;

function linesOf(query: Query, entry: Entry): Entry[] {
  return (query.data?.pages ?? []).flatMap(({ entries }) => entries).filter(({ id }) => id !== entry.id);
}

/** The end of one side: more of it, or that there is no more. */
function Edge({ side, query }: { side: Side; query: Query }) {
  const line = side === "before" ? "border-b" : "border-t";
  // About as high as the lines that come, so that the line itself stays where it is.
  if (query.isPending) return <Skeleton className="m-2 h-60" />;
  if (query.isError)
    return (
      <SmallErrorState
        what={`The lines ${side}`}
        error={query.error}
        onRetry={() => query.fetchNextPage()}
        className="p-2 font-sans"
      />
    );
  return (
    <div
      className={cx("flex items-center justify-center border-line p-1 font-sans text-meta text-muted", line)}
    >
      {query.hasNextPage ? (
        <Button look="quiet" size="sm" disabled={query.isFetching} onClick={() => query.fetchNextPage()}>
          {query.isFetching ? "Loading …" : `${CONTEXT_LINES} more ${side}`}
        </Button>
      ) : (
        <span>{side === "before" ? "No earlier line within a day" : "No later line within a day"}</span>
      )}
    </div>
  );
}

function Line({ line, here = false }: { line: Entry; here?: boolean }) {
  const { view } = useView();
  const level = toLevel(line.labels.level);
  const Tag = here ? "div" : "li";
  return (
    <Tag
      data-context-line={line.id}
      aria-current={here || undefined}
      className={cx("flex min-h-[22px] list-none", here && "bg-select font-semibold")}
    >
      <LevelBar level={level} />
      <time className="shrink-0 px-2 text-muted" title={formatNs(line.ts)}>
        {formatClock(nsToMs(line.ts), true)}
      </time>
      <span className="w-8 shrink-0">
        <LevelTag level={level} />
      </span>
      <span className={cx("min-w-0 flex-1 pr-2", view.wrap ? "whitespace-pre-wrap" : "truncate")} dir="auto">
        <LogText text={preview(line.line).text} hits={view.q} />
      </span>
    </Tag>
  );
}
