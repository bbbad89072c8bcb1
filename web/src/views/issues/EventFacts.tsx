import type { ReactNode } from "react";
import type { IssueEvent } from "../../api/types";
import { FilterLink } from "./FilterLink";

/** The tags of an event, each a filter of the list, and what it belongs to. */
export function EventFacts({ event }: { event: IssueEvent }) {
  const tags = Object.entries(event.tags).filter(([, value]) => value !== "");
  const ids = Object.entries({ correlation_id: event.correlation_id, group: event.hash }).filter(
    ([, value]) => value !== "",
  );
  return (
    <dl className="grid grid-cols-[8rem_1fr] gap-x-3 text-meta">
      {tags.map(([name, value]) => (
        <Fact key={name} name={name}>
          <FilterLink name={name} value={value} />
        </Fact>
      ))}
      {ids.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="truncate text-muted">{name}</dt>
      <dd className="font-mono wrap-anywhere">{children}</dd>
    </>
  );
}
