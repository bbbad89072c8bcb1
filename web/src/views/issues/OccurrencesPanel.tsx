import { useOccurrences } from "../../api/issues";
import type { IssueDetail, OccurrencesResponse } from "../../api/types";
import { ChartPanel } from "../../charts/ChartPanel";
import { plural } from "../../lib/format";
import type { ChartData } from "../../lib/volume";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { Notice } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { DeployName } from "./IssueFacts";

const HEIGHT = 180;
const DEPLOYS_SHOWN = 5;

/** When it happened in the page's range, with the deploys. */
export function OccurrencesPanel({ issue }: { issue: IssueDetail }) {
  const { view, setView } = useView();
  const anchor = useAnchor();
  const query = useOccurrences(issue.id, view, anchor);
  const found = query.data;
  const whole = () => setView({ ...view, range: sinceFirst(issue, anchor.now) });
  return (
    <Panel
      title="Occurrences"
      note={found ? `${plural(found.total, "event")} in this time` : "Counting in this time …"}
      actions={
        <Button size="sm" look="quiet" onClick={whole}>
          Since the first
        </Button>
      }
    >
      {query.isError && found && <Notice>{query.error.message} Showing the counts before.</Notice>}
      <div className="px-4 pb-3">
        <ChartPanel
          query={query}
          data={found && toChart(found)}
          ticks={found?.deploys.map(({ at, version }) => ({ ms: Date.parse(at), label: version }))}
          height={HEIGHT}
          label={found ? `Events over time: ${found.total} in all` : "Events over time"}
          empty={<Button onClick={whole}>None in this time: show all since the first</Button>}
        />
        {found && <Deploys deploys={found.deploys} />}
      </div>
    </Panel>
  );
}

function Deploys({ deploys }: Pick<OccurrencesResponse, "deploys">) {
  const more = deploys.length - DEPLOYS_SHOWN;
  return (
    <ul aria-label="Deploys" className="text-meta text-muted">
      {deploys.slice(0, DEPLOYS_SHOWN).map((deploy) => (
        <li key={deploy.id} className="truncate">
          Deploy <DeployName deploy={deploy} /> {[deploy.service, deploy.env].filter(Boolean).join(" · ")}{" "}
          <TimeAgo ms={Date.parse(deploy.at)} />
        </li>
      ))}
      {more > 0 && <li>and {plural(more, "deploy")} before</li>}
    </ul>
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
    unit: "event",
    stepMs: found.step_ms,
    starts: found.counts.map((_, index) => start + index * found.step_ms),
    startMs: start,
    endMs: Date.parse(found.end),
    series: [{ label: "events", token: "level-error", values: [], total: found.total, counts: found.counts }],
    totals: found.counts,
    total: found.total,
  };
}
