import { CircleAlert, CircleCheck, Pencil, Plus, Send } from "lucide-react";
import { useState } from "react";
import { errorText } from "../../api/client";
import { useTest } from "../../api/notify";
import type { Channel } from "../../api/types";
import { plural } from "../../lib/format";
import { kindName } from "../../lib/notify";
import { Button, IconButton } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { EmptyState } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { ChannelForm } from "./ChannelForm";

/** Where messages go. */
export function ChannelList({ channels }: { channels: readonly Channel[] }) {
  const [edited, setEdited] = useState<Channel | "new" | null>(null);
  const add = (
    <Button size="sm" aria-label="Add a channel" onClick={() => setEdited("new")}>
      <Plus size={14} aria-hidden />
      Add
    </Button>
  );
  return (
    <Panel title="Channels" note="where messages go" actions={channels.length > 0 && add}>
      {channels.length === 0 && (
        <EmptyState
          title="There is no channel yet"
          hint="Discord, Slack, mail or a webhook of your own: add one, then a rule that says what is told."
          actions={add}
        />
      )}
      <ul className="divide-y divide-line">
        {channels.map((channel) => (
          <ChannelRow key={channel.id} channel={channel} onEdit={() => setEdited(channel)} />
        ))}
      </ul>
      {edited && <ChannelForm channel={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </Panel>
  );
}

function ChannelRow({ channel, onEdit }: { channel: Channel; onEdit: () => void }) {
  const test = useTest();
  const { name, kind, target, enabled, waiting, failure, remedy, next_at } = channel;
  return (
    <li data-channel={channel.id} className="grid gap-1 px-4 py-2">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <span className="font-semibold" dir="auto">
            {name}
          </span>{" "}
          <span className="text-muted">
            {kindName(kind)} · {target}
            {!enabled && " · switched off"}
            {waiting > 0 && ` · ${plural(waiting, "notification")} waiting`}
          </span>
        </div>
        <Button size="sm" disabled={test.isPending} onClick={() => test.mutate(channel.id)}>
          <Send size={14} aria-hidden />
          {test.isPending ? "Testing …" : "Test"}
        </Button>
        <IconButton label={`Change ${name}`} onClick={onEdit}>
          <Pencil size={14} aria-hidden />
        </IconButton>
      </div>
      {failure && (
        <Failure error={failure} remedy={remedy}>
          {next_at && Date.parse(next_at) > Date.now() && (
            <>
              {" "}
              Next attempt <TimeAgo ms={Date.parse(next_at)} />.
            </>
          )}
        </Failure>
      )}
      <div role="status">
        {test.isError && <Failure error={errorText(test.error)} remedy="" />}
        {test.data?.ok === false && test.data.error !== failure && (
          <Failure error={test.data.error} remedy={test.data.remedy} />
        )}
        {test.data?.ok && (
          <p className="flex items-start gap-2">
            <CircleCheck size={14} className="mt-0.75 shrink-0 text-ok" aria-hidden />
            The test message was taken in {test.data.took_ms} ms. See whether it arrived.
          </p>
        )}
      </div>
    </li>
  );
}

/** Why something was not sent, and what helps. */
export function Failure({
  error,
  remedy,
  children,
}: {
  error: string;
  remedy: string;
  children?: React.ReactNode;
}) {
  return (
    <p className="flex items-start gap-2">
      <CircleAlert size={14} className="mt-0.75 shrink-0 text-error" aria-hidden />
      <span className="min-w-0">
        <span className="inline-block text-error first-letter:uppercase">{error.replace(/\.?$/, ".")}</span>{" "}
        {remedy}
        {children}
      </span>
    </p>
  );
}
