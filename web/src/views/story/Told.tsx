import type { Story } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { isWholeSecond } from "../../lib/story";
import { Panel } from "../../ui/Panel";
import { ScrollBox } from "../../ui/ScrollBox";
import { Notice } from "../../ui/States";
import { Lanes } from "./Lanes";
import { StoryLines } from "./StoryLines";
import { useStoryKeys } from "./useStoryKeys";

/** The lines of a request as a picture and as a list, and those nearby. */
export function Told({ story }: { story: Story }) {
  useStoryKeys();
  const { lines, nearby } = story;
  return (
    <>
      {(story.partial || story.cut) && <Missing story={story} />}
      {lines.length > 0 && (
        <>
          <Lanes story={story} />
          <Panel title="The request" note="every line that carries the id, with the gap to the line before">
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
