import { type EventPlace, useIssueEvent } from "../../api/issues";
import type { Evidence, IssueDetail, IssueEvent } from "../../api/types";
import { useView } from "../../state/useView";

export interface ShownEvent extends EventPlace {
  line: string;
  labels: Readonly<Record<string, string>>;
  /** Set if the event is kept whole, with the lines around it. */
  evidence: Evidence | undefined;
  correlation: string;
}

/** The event that an issue's page is about: the one that the address names, or the last that is kept. */
export function useShownEvent({ id, evidence }: IssueDetail) {
  const { view, setView } = useView();
  const place = parsePlace(view.line) ?? evidence.at(-1) ?? null;
  const query = useIssueEvent(id, place);
  const kept = evidence.find((one) => one.id === place?.id);
  const show = ({ ts, id: event }: EventPlace) =>
    setView({ ...view, line: `${ts}-${event}` }, { replace: true });
  return {
    shown: place && shownOf(place, kept, query.data ?? null),
    query,
    older: place && evidence.findLast((one) => BigInt(one.ts) < BigInt(place.ts)),
    newer: place && evidence.find((one) => BigInt(one.ts) > BigInt(place.ts)),
    show,
  };
}

/** An event as it is shown: from the evidence, or as it was indexed; null if neither has it. */
export function shownOf(
  place: EventPlace,
  kept: Evidence | undefined,
  event: IssueEvent | null,
): ShownEvent | null {
  const line = kept?.line ?? (event && (event.text || event.message));
  if (line == null) return null;
  const labels =
    kept?.labels ?? (event && { ...event.tags, service: event.service, env: event.env, level: event.level });
  return { ...place, line, labels: labels ?? {}, evidence: kept, correlation: event?.correlation_id ?? "" };
}

/** The place of an event as the address has it: "1764115200000000000-0a1b"; null for anything else. */
function parsePlace(text: string): EventPlace | null {
  const match = /^(\d{1,19})-([0-9a-f]+)$/.exec(text);
  return match?.[1] && match[2] ? { ts: match[1], id: match[2] } : null;
}
