import { useStory } from "../../api/story";
import type { Story } from "../../api/types";
import { hasNginx, storyWords } from "../../lib/story";
import { describeDuration, formatExact, formatSecond, lastSpan, nsToMs } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { storyBounds } from "../../state/share";
import { useView } from "../../state/useView";
import type { TimeRange } from "../../state/view";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { AddTheId } from "./AddTheId";
import { RequestForm } from "./RequestForm";
import { Told } from "./Told";

const DAY_MS = 86_400_000;
const WIDER_MS = [7 * DAY_MS, 30 * DAY_MS];

/** Everything that carries the id of one request, of every service, in the order of time. */
export default function StoryView() {
  const { view } = useView();
  const bounds = storyBounds(view.range, useAnchor());
  const query = useStory(view.request, bounds);
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] gap-4 p-3 md:p-6">
        <Head request={view.request} story={query.data} failed={query.isError} />
        {view.request === "" && <AddTheId open />}
        {view.request !== "" && query.isPending && <Skeleton className="h-64 rounded-md" />}
        {query.isError && !query.data && (
          <ErrorState
            error={query.error}
            bounds={bounds}
            onRetry={() => query.refetch()}
            className="min-h-32"
          />
        )}
        {query.isError && query.data && (
          <Notice>{query.error.message} Showing what was loaded before.</Notice>
        )}
        {query.data && <Told story={query.data} />}
        {query.data?.lines.length === 0 && <NotFound story={query.data} range={view.range} />}
        {query.data && <AddTheId open={query.data.lines.length === 0} nginx={!hasNginx(query.data)} />}
      </div>
    </div>
  );
}

/** The answer first. */
function Head({ request, story, failed }: { request: string; story: Story | undefined; failed: boolean }) {
  const title = request === "" ? "The story of a request" : failed ? "Not known" : story && storyWords(story);
  const first = story?.lines[0];
  return (
    <div className="grid gap-3">
      <h1 data-story={story?.lines.length} className="min-h-7 text-value font-semibold sm:text-title">
        {title ?? <Skeleton className="h-6 w-72" />}
      </h1>
      <div className="flex flex-wrap items-center gap-2">
        <RequestForm key={request} request={request} />
        {request !== "" && <CopyButton label="Copy the id" text={request} />}
        {first && <span className="text-muted">{formatExact(nsToMs(first.entry.ts))}</span>}
      </div>
    </div>
  );
}

/** Where it was looked for, and where else it can be. */
function NotFound({ story, range }: { story: Story; range: TimeRange }) {
  const { view, setView } = useView();
  const span = Date.parse(story.end) - Date.parse(story.start);
  const where =
    range.kind === "relative"
      ? `in the last ${lastSpan(Math.max(range.spanMs, DAY_MS))}`
      : `from ${formatSecond(range.startMs)} to ${formatExact(range.endMs)}`;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <p className="mr-2 text-muted">
        No service and no environment has a line with it {where}. It may be older, or Loki keeps it no more.
      </p>
      {[DAY_MS, ...WIDER_MS]
        .filter((spanMs) => range.kind === "absolute" || spanMs > span)
        .map((spanMs) => (
          <Button
            key={spanMs}
            size="sm"
            onClick={() => setView({ ...view, range: { kind: "relative", spanMs } })}
          >
            Look in the last {spanMs === DAY_MS ? "day" : describeDuration(spanMs)}
          </Button>
        ))}
    </div>
  );
}
