import { useOccurrences } from "../../api/issues";
import type { Deploy, IssueDetail, IssueTag, OccurrencesResponse } from "../../api/types";
import { ChartPanel } from "../../charts/ChartPanel";
import { formatShort, plural } from "../../lib/format";
import type { ChartData } from "../../lib/volume";
import { useAnchor } from "../../state/anchor";
import { toggleFilter } from "../../state/filters";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { Notice } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";

const HEIGHT = 128;
const DEPLOYS_SHOWN = 5;
const FILTERS: readonly string[] = ["env", "service", "level"];

/** When it happened in the page's range, with the deploys, and where. */
export function OccurrencesPanel({ issue }: { issue: IssueDetail }) {
  const { view, setView } = useView();
  const anchor = useAnchor();
  const query = useOccurrences(issue.id, view, anchor);
  const found = query.data;
  const whole = () => setView({ ...view, range: sinceFirst(issue, anchor.now) });
  return (
    <Panel title="Occurrences" note={found && `${plural(found.total, "event")} in this time`}>
      {query.isError && found && <Notice>{query.error.message} Showing the counts before.</Notice>}
      <div className="px-4 pb-3">
        <ChartPanel
          query={query}
          data={found && toChart(found)}
          height={HEIGHT}
          label={found ? `Events over time: ${found.total} in all` : "Events over time"}
          empty={<Button onClick={whole}>None in this time: show all since the first</Button>}
        />
        {found?.deploys.slice(0, DEPLOYS_SHOWN).map((deploy) => (
          <DeployLine key={deploy.id} deploy={deploy} />
        ))}
      </div>
      {found && found.tags.length > 0 && (
        <dl aria-label="Tags" className="grid gap-2 border-t border-line px-4 py-3">
          {found.sampled && <p className="text-meta text-muted">Of the newest 5,000 events.</p>}
          {found.tags.map((tag) => (
            <Tag key={tag.name} tag={tag} />
          ))}
        </dl>
      )}
    </Panel>
  );
}

function DeployLine({ deploy }: { deploy: Deploy }) {
  return (
    <p className="truncate text-meta text-muted">
      Deploy{" "}
      {deploy.url ? (
        <a href={deploy.url} rel="noreferrer" className="text-accent underline">
          {deploy.version}
        </a>
      ) : (
        <span className="text-text">{deploy.version}</span>
      )}{" "}
      {[deploy.service, deploy.env].filter(Boolean).join(" · ")} <TimeAgo ms={Date.parse(deploy.at)} />
    </p>
  );
}

/** A tag with its most frequent values; those that issues are filtered by are buttons. */
function Tag({ tag }: { tag: IssueTag }) {
  const { view, setView } = useView();
  const filters = FILTERS.includes(tag.name);
  const more = tag.distinct - tag.values.length;
  return (
    <div>
      <dt className="text-meta text-muted">{tag.name}</dt>
      {tag.values.map(({ value, count }) => (
        <dd key={value} className="relative flex items-center gap-2 px-1.5">
          <span
            aria-hidden
            className="absolute inset-y-0.5 left-0 rounded-sm bg-hover"
            style={{ width: `${Math.round((count / tag.events) * 100)}%` }}
          />
          {filters ? (
            <button
              type="button"
              onClick={() => setView(toggleFilter(view, tag.name, value, "include"))}
              className="relative min-w-0 truncate rounded-sm text-left hover:underline pointer-coarse:h-10"
            >
              {value}
            </button>
          ) : (
            <span className="relative min-w-0 truncate" title={value} dir="auto">
              {value}
            </span>
          )}
          <span className="relative ml-auto shrink-0 text-meta text-muted">{formatShort(count)}</span>
        </dd>
      ))}
      {more > 0 && <dd className="px-1.5 text-meta text-muted">and {plural(more, "further value")}</dd>}
    </div>
  );
}

/** The range from just before the first event until now. */
function sinceFirst({ first_seen }: IssueDetail, now: number) {
  const startMs = first_seen ? Date.parse(first_seen) - 3_600_000 : now - 7 * 86_400_000;
  return { kind: "absolute" as const, startMs, endMs: now };
}

function toChart(found: OccurrencesResponse): ChartData {
  const start = Date.parse(found.start);
  return {
    stepMs: found.step_ms,
    starts: found.counts.map((_, index) => start + index * found.step_ms),
    endMs: Date.parse(found.end),
    series: [{ label: "events", token: "level-error", values: [], total: found.total, counts: found.counts }],
    totals: found.counts,
    total: found.total,
  };
}
