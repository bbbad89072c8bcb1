import { useEventsBeside, useIssueEvent } from "../../api/issues";
import type { EventPlace, Evidence, IssueDetail, IssueEvent } from "../../api/types";
import { useView } from "../../state/useView";

export interface ShownEvent extends EventPlace {
  line: string;
  labels: Readonly<Record<string, string>>;
  /** Set if the event is kept whole, with the lines around it. */
  evidence: Evidence | undefined;
  correlation: string;
}

/** The next event in a direction. */
export interface Step {
  to: EventPlace;
  /** True if between here and there events may have been that are not kept any more. */
  gap: boolean;
}

/** The event that an issue's page is about: the one that the address names, or the newest. */
export function useShownEvent({ id, evidence, newest }: IssueDetail) {
  const { view } = useView();
  const place = parsePlace(view.line) ?? newest;
  const query = useIssueEvent(id, place);
  const kept = evidence.find((one) => one.id === place?.id);
  return { place, shown: place && shownOf(place, kept, query.data ?? null), query };
}

/** The events before and after a place, stored or kept whole; null where there is none, undefined until that is known. */
export function useSteps({ id, evidence }: IssueDetail, place: EventPlace | null) {
  const { data } = useEventsBeside(id, place);
  if (!place || !data) return { older: undefined, newer: undefined };
  const older = evidence.findLast((one) => isBefore(one, place));
  const newer = evidence.find((one) => isBefore(place, one));
  return {
    older: stepTo(data.older, older, (kept, stored) => isBefore(stored, kept)),
    newer: stepTo(data.newer, newer, isBefore),
  };
}

/** The nearer of what is stored and what is kept whole. */
function stepTo(
  stored: EventPlace | null,
  kept: EventPlace | undefined,
  isNearer: (kept: EventPlace, stored: EventPlace) => boolean,
): Step | null {
  if (kept && (!stored || isNearer(kept, stored))) return { to: kept, gap: true };
  return stored && { to: stored, gap: false };
}

const isBefore = (a: EventPlace, b: EventPlace) => BigInt(a.ts) < BigInt(b.ts);

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

/** The place of an event as the address has it. */
export const placeText = ({ ts, id }: EventPlace) => `${ts}-${id}`;

/** Reads "1764115200000000000-0a1b"; null for anything else. */
function parsePlace(text: string): EventPlace | null {
  const match = /^(\d{1,19})-([0-9a-f]+)$/.exec(text);
  return match?.[1] && match[2] ? { ts: match[1], id: match[2] } : null;
}
