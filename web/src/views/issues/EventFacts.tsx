import type { IssueEvent } from "../../api/types";

/** The tags of an event, and what it belongs to. */
export function EventFacts({ event }: { event: IssueEvent }) {
  const facts = Object.entries({ ...event.tags, correlation_id: event.correlation_id, group: event.hash });
  return (
    <dl className="grid grid-cols-[8rem_1fr] gap-x-3 text-meta">
      {facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="truncate text-muted">{name}</dt>
            <dd className="font-mono">{value}</dd>
          </div>
        ))}
    </dl>
  );
}
