import { useNotifications } from "../../api/notify";
import type { NotificationsResponse, Session } from "../../api/types";
import { plural } from "../../lib/format";
import { Panel } from "../../ui/Panel";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { ChannelList } from "./ChannelList";
import { RuleList } from "./RuleList";
import { SentList } from "./SentList";

/** Who is told what, and whether it arrived. */
export default function NotificationsView({ role }: { role: Session["user"]["role"] }) {
  if (role !== "admin")
    return (
      <EmptyState
        className="h-full"
        title="Only an admin sees notifications"
        hint="They hold addresses that others must not have."
      />
    );
  return <Settings />;
}

function Settings() {
  const query = useNotifications();
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid w-full max-w-3xl gap-4 p-2 md:p-4">
        <h1 className="px-2 text-title font-semibold md:px-0">Notifications</h1>
        {query.isPending && <Skeleton className="h-40" />}
        {query.isError && !query.data && <ErrorState error={query.error} onRetry={() => query.refetch()} />}
        {query.isError && query.data && (
          <Notice>{query.error.message} Showing what was loaded before.</Notice>
        )}
        {query.data && <Loaded data={query.data} />}
      </div>
    </div>
  );
}

function Loaded({ data }: { data: NotificationsResponse }) {
  const { channels, rules, changes } = data;
  return (
    <>
      <p className="px-2 md:px-0">{verdict(data)}</p>
      {!data.links && channels.length > 0 && (
        <Notice>
          Messages have no links: set EXTERNAL_URL of the dashboard to the address at which people reach it.
        </Notice>
      )}
      {!data.issues && rules.some(({ on }) => on === "issues") && (
        <Notice>No issues are made of errors here, so rules on issues tell nothing.</Notice>
      )}
      <ChannelList channels={channels} />
      <RuleList rules={rules} channels={channels} />
      <SentList channels={channels} />
      {changes.length > 0 && (
        <Panel title="Changes" note="who changed this">
          <ul className="px-4 pb-3">
            {changes.map(({ at, actor, what }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: nothing else tells them apart
              <li key={index} className="text-muted">
                <span className="text-text">{actor}</span> {what} · <TimeAgo ms={Date.parse(at ?? "")} />
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

/** The answer first: is everybody told what they should be? */
function verdict({ channels, rules }: NotificationsResponse): string {
  const active = rules.filter(({ enabled, channels: told }) => enabled && told.length > 0);
  if (active.length === 0) return "Nobody is told anything.";
  const broken = channels.filter(({ failure }) => failure !== "").map(({ name }) => name);
  if (broken.length > 0) return `Messages do not arrive: ${broken.join(", ")}.`;
  const blind = rules.filter(({ failure }) => failure !== "").map(({ name }) => name);
  if (blind.length > 0)
    return `Loki does not answer for ${plural(blind.length, "rule")}: ${blind.join(", ")}.`;
  return `${plural(active.length, "rule")} at work, nothing is wrong.`;
}
