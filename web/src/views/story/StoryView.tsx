import { useStory } from "../../api/story";
import type { Story } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { hasNginx, isWholeSecond, storyWords } from "../../lib/story";
import { describeDuration, formatExact, lastSpan, nsToMs } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import type { TimeRange } from "../../state/view";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Panel } from "../../ui/Panel";
import { ScrollBox } from "../../ui/ScrollBox";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { AddTheId } from "./AddTheId";
import { Lanes } from "./Lanes";
import { RequestForm } from "./RequestForm";
import { StoryLines } from "./StoryLines";
import { useStoryKeys } from "./useStoryKeys";

const DAY_MS = 86_400_000;
const WIDER_MS = [7 * DAY_MS, 30 * DAY_MS];

/** Everything that carries the id of one request, of every service, in the order of time. */
export default function StoryView() {
  useStoryKeys();
  const { view } = useView();
  const { endMs, startMs } = useAnchor();
  // A link from elsewhere often has the id alone: then the hour that the page shows is too short.
  const least = view.range.kind === "relative" ? endMs - DAY_MS : startMs;
  const bounds = { startMs: Math.min(startMs, least), endMs };
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
        {query.data && <Told story={query.data} range={view.range} />}
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

function Told({ story, range }: { story: Story; range: TimeRange }) {
  const { lines, nearby } = story;
  const first = lines[0]?.entry;
  return (
    <>
      {(story.partial || story.cut) && <Missing story={story} />}
      {first ? (
        <>
          <Lanes story={story} />
          <Panel
            title="The request"
            note="every line that carries the id, of all environments, with the gap to the line before"
          >
            <StoryLines label="Lines of the request" story={story} />
            {lines.some(({ entry }) => entry.labels.service === "nginx" && isWholeSecond(entry.ts)) && (
              <p className="border-t border-line px-4 py-1.5 text-meta text-muted">
                nginx writes whole seconds, so that its line may stand up to a second too early.
              </p>
            )}
          </Panel>
          <Panel title="Nearby" note="other services within two seconds; nothing says that they belong to it">
            {nearby.length === 0 && (
              <p className="px-4 pb-3 text-muted">No other service logged a line then.</p>
            )}
            <ScrollBox label="Nearby, scrolled" className="max-h-96 overflow-y-auto">
              <StoryLines label="Lines nearby" story={story} nearby />
            </ScrollBox>
            {story.nearby_cut && (
              <p className="border-t border-line px-4 py-1.5 text-meta text-muted">
                The {formatCount(nearby.length)} nearest; there are more.
              </p>
            )}
          </Panel>
          <AddTheId open={false} nginx={!hasNginx(story)} />
        </>
      ) : (
        <>
          <NotFound story={story} range={range} />
          <AddTheId open />
        </>
      )}
    </>
  );
}

function Missing({ story }: { story: Story }) {
  return (
    <div className="grid gap-px">
      {story.cut && (
        <Notice>
          Only the newest {plural(story.lines.length, "line")} are shown. A shorter range shows others.
        </Notice>
      )}
      {story.warnings.map((text) => (
        <Notice key={text}>{text}</Notice>
      ))}
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
      : `from ${formatExact(range.startMs)} to ${formatExact(range.endMs)}`;
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
