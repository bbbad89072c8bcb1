import { useState } from "react";
import type { Channel } from "../../api/types";
import { CHANNEL_KINDS, type ChannelKind, channelOf, kindName } from "../../lib/notify";
import { Segmented } from "../../ui/Segmented";
import { FormDialog } from "./FormDialog";
import { Check, Choice, Field, Group } from "./fields";

const URL_HINTS: Record<ChannelKind, string> = {
  discord: "In Discord: Edit channel, Integrations, Webhooks, New webhook, Copy webhook URL.",
  slack: "In Slack: an app with Incoming Webhooks switched on, Add new webhook.",
  webhook: "JSON is posted there; docs/notifications.md says what.",
  email: "",
};

const SECURITY = [
  { value: "starttls", label: "STARTTLS, port 587" },
  { value: "tls", label: "TLS, port 465" },
  { value: "none", label: "none: this machine only" },
];

/** Adds or changes a channel. */
export function ChannelForm({ channel, onClose }: { channel: Channel | null; onClose: () => void }) {
  const [kind, setKind] = useState<ChannelKind>(channel?.kind ?? "discord");
  return (
    <FormDialog
      title={channel ? `Channel ${channel.name}` : "Add a channel"}
      what="channels"
      id={channel?.id ?? null}
      loses="with what was sent to it"
      read={(form) => channelOf(form, kind)}
      onClose={onClose}
    >
      {channel ? (
        <p className="text-muted">{kindName(kind)}</p>
      ) : (
        <Segmented label="Kind" value={kind} options={CHANNEL_KINDS} onChange={setKind} />
      )}
      <Field label="Name" name="name" required maxLength={100} defaultValue={channel?.name} />
      {kind === "email" ? <MailFields channel={channel} /> : <HookFields channel={channel} kind={kind} />}
      <TimeFields channel={channel} />
      <Check label="Switched on" name="enabled" defaultChecked={channel?.enabled ?? true} />
    </FormDialog>
  );
}

function HookFields({ channel, kind }: { channel: Channel | null; kind: ChannelKind }) {
  return (
    <>
      <Field
        label="Address of the webhook"
        name="url"
        type="url"
        required={!channel}
        maxLength={2000}
        placeholder={channel ? `unchanged: ${channel.target} …` : "https://"}
        hint={channel ? "It is not shown again: leave it empty to keep it." : URL_HINTS[kind]}
      />
      {kind === "webhook" && (
        <Field
          label="Key of the signature"
          name="secret"
          type="password"
          autoComplete="new-password"
          maxLength={1000}
          placeholder={channel?.has_secret ? "unchanged" : ""}
          hint="At least 16 characters; openssl rand -hex 16 makes one. Without a key messages are not signed."
        />
      )}
    </>
  );
}

function MailFields({ channel }: { channel: Channel | null }) {
  const mail = channel?.mail;
  const [security, setSecurity] = useState<string>(mail?.security ?? "starttls");
  return (
    <>
      <Field label="To" name="to" required defaultValue={mail?.to.join(", ")} hint="Several with commas." />
      <Field label="From" name="from" required defaultValue={mail?.from} />
      <div className="grid gap-3 sm:grid-cols-[1fr_6rem]">
        <Field
          label="Mail server"
          name="host"
          required
          defaultValue={mail?.host}
          placeholder="smtp.example.org"
        />
        <Field
          key={security}
          label="Port"
          name="port"
          type="number"
          required
          min={1}
          max={65535}
          defaultValue={mail?.security === security ? mail.port : ({ tls: 465, none: 25 }[security] ?? 587)}
        />
      </div>
      <Choice
        label="Security"
        name="security"
        options={SECURITY}
        value={security}
        onChange={(event) => setSecurity(event.target.value)}
      />
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="User" name="user" defaultValue={mail?.user} hint="Empty: no login." />
        <Field
          label="Password"
          name="secret"
          type="password"
          autoComplete="new-password"
          placeholder={channel?.has_secret ? "unchanged" : ""}
        />
      </div>
    </>
  );
}

function TimeFields({ channel }: { channel: Channel | null }) {
  const quiet = channel?.quiet;
  const [isQuiet, setQuiet] = useState(Boolean(quiet));
  return (
    <Group title="When">
      <div className="grid grid-cols-2 gap-3">
        <Field
          label="Collect for (minutes)"
          name="digest"
          type="number"
          required
          min={0}
          max={1440}
          defaultValue={channel?.digest_minutes ?? 0}
          hint="0: at once."
        />
        <Field
          label="At most an hour"
          name="per_hour"
          type="number"
          required
          min={1}
          max={1000}
          defaultValue={channel?.per_hour ?? 20}
          hint="The rest is one message later."
        />
      </div>
      <Field
        label="Not the same again for (minutes)"
        name="repeat"
        type="number"
        required
        min={0}
        max={10080}
        defaultValue={channel?.repeat_minutes ?? 60}
      />
      <Check
        label="Quiet hours: what happens then is one message at their end"
        name="quiet"
        checked={isQuiet}
        onChange={(event) => setQuiet(event.target.checked)}
      />
      {isQuiet && (
        <div className="grid grid-cols-2 gap-3">
          <Field label="From" name="quiet_from" type="time" required defaultValue={quiet?.from ?? "22:00"} />
          <Field label="To" name="quiet_to" type="time" required defaultValue={quiet?.to ?? "07:00"} />
          <Field
            label="Time zone"
            name="quiet_zone"
            required
            className="col-span-2"
            defaultValue={quiet?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone}
          />
        </div>
      )}
    </Group>
  );
}
