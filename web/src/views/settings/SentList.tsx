import { Link } from "wouter";
import { useSent } from "../../api/notify";
import type { Channel, SentMessage } from "../../api/types";
import { plural } from "../../lib/format";
import { moreWords, notificationWords } from "../../lib/notify";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Panel } from "../../ui/Panel";
import { ErrorState, Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { Failure } from "./ChannelList";

const STATES: Record<SentMessage["state"], { words: string; look: string }> = {
  sent: { words: "sent", look: "border-ok/40 text-ok" },
  pending: { words: "not sent yet", look: "border-warn/40 text-warn" },
  failed: { words: "not sent", look: "border-error/40 text-error" },
};

/** What was sent, and what was not. */
export function SentList({ channels }: { channels: readonly Channel[] }) {
  const query = useSent();
  const messages = query.data?.pages.flatMap((page) => page.messages) ?? [];
  return (
    <Panel title="Sent" note="the last 30 days">
      {query.isPending && <Skeleton className="m-4 h-16" />}
      {query.isError && !query.data && <ErrorState error={query.error} onRetry={() => query.refetch()} />}
      {query.data && messages.length === 0 && <p className="px-4 pb-3 text-muted">Nothing was sent yet.</p>}
      <ul className="divide-y divide-line">
        {messages.map((message) => (
          <MessageRow
            key={message.id}
            message={message}
            channel={channels.find(({ id }) => id === message.channel)?.name ?? ""}
          />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="flex justify-center p-3">
          <Button onClick={() => query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            Older ones
          </Button>
        </div>
      )}
    </Panel>
  );
}

function MessageRow({ message, channel }: { message: SentMessage; channel: string }) {
  const { words, look } = STATES[message.state];
  const at = Date.parse(message.ended_at ?? message.created_at ?? "");
  const more = moreWords(message);
  return (
    <li className="grid gap-0.5 px-4 py-2">
      <p className="flex flex-wrap items-center gap-x-2 text-muted">
        <span className={cx("rounded-full border px-1.5 text-meta leading-4 whitespace-nowrap", look)}>
          {words}
        </span>
        <span dir="auto">{channel}</span>
        <TimeAgo ms={at} />
        {message.attempts > 1 && <span>{plural(message.attempts, "attempt")}</span>}
        {message.repeats > 0 && (
          <span title="The same happened again and was not told">
            {plural(message.repeats, "repetition")}
          </span>
        )}
      </p>
      <ul>
        {message.events.map((event, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a message never changes
          <li key={index} dir="auto" className="truncate">
            {event.kind === "test" ? (
              notificationWords(event)
            ) : (
              <Link href={`/${event.path}`} title={event.title} className="hover:underline">
                {notificationWords(event)}
              </Link>
            )}
          </li>
        ))}
      </ul>
      {more && <p className="text-muted">{more}</p>}
      {message.why && <p className="text-muted">{message.why}</p>}
      {message.error && message.state !== "sent" && <Failure error={message.error} remedy={message.remedy} />}
    </li>
  );
}
