import {
  keepPreviousData,
  useInfiniteQuery,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";
import { LIVE_STATES } from "../lib/related";
import { facetParams, markParams, type View } from "../state/view";
import { apiUrl, getJson, type Params, postJson } from "./client";
import { behind } from "./order";
import { type Bounds, boundParams } from "./queries";
import type {
  EventPlace,
  IssueAction,
  IssueChange,
  IssueChanges,
  IssueDetail,
  IssueEvent,
  IssueEventsResponse,
  IssueHistoryResponse,
  IssueState,
  IssuesResponse,
  IssuesSummary,
  IssueUsersResponse,
  OccurrencesResponse,
  UsersResponse,
} from "./types";
import { useWrite } from "./write";

const ISSUES = "issues";
const PAGE_ISSUES = 100; // no more than one request for users may name
const PAGE_EVENTS = 20;
const OPEN_ISSUES = 10;
/** All events: a clock that is ahead dates some into the future. */
const EVER = "1970-01-01T00:00:00Z";
const AHEAD = "now+365d";
const REOPEN_MS = 15_000;

/** Labels by which events are filtered. */
export const EVENT_FACETS = ["env", "service", "level"] as const;
/** Labels that are tags of events, by which issues are filtered. */
const TAG_FACETS = ["host", "container"] as const;

/** What of a view selects issues, as the API takes it. */
export function issueParams(view: View, bounds: Bounds): Params {
  const words = view.q.join(" ");
  return [
    ...eventParams(view, bounds),
    ...TAG_FACETS.flatMap((facet) => facetParams(view, facet)),
    ...markParams(view.marks),
    ...view.states.map((state) => ["state", state] as const),
    ...view.assignees.map((name) => ["assignee", name] as const),
    ...(words ? [["q", words] as const] : []),
    ["sort", view.sort],
  ];
}

/** True if the view has filters that issues do not know. */
export function isBeyondIssues(view: View): boolean {
  const { include, exclude } = view.filters.job;
  return include.length + exclude.length + view.fields.length + view.not.length > 0 || view.query !== "";
}

/** True if issues are chosen by what they have, whatever of their events has it. */
export function isByMarks(view: View): boolean {
  return TAG_FACETS.some((facet) => facetParams(view, facet).length > 0) || view.marks.length > 0;
}

/** The view's issues, page by page. */
export function useIssues(view: View, bounds: Bounds) {
  const params = issueParams(view, bounds);
  return useInfiniteQuery({
    queryKey: [ISSUES, "list", params],
    queryFn: ({ signal, pageParam }) =>
      getJson<IssuesResponse>(
        "issues",
        [...params, ["limit", String(PAGE_ISSUES)], ["offset", String(pageParam)]],
        signal,
      ),
    initialPageParam: 0,
    getNextPageParam: (page, pages) => {
      const shown = pages.reduce((sum, { issues }) => sum + issues.length, 0);
      return shown < page.total && page.issues.length > 0 ? shown : null;
    },
    placeholderData: keepPreviousData,
  });
}

/** The states of issues that need a look. */
export const OPEN_STATES: readonly IssueState[] = ["new", "regressed"];

/** How many issues need a look. */
export function countOpen(states: IssuesSummary["states"]): number {
  return OPEN_STATES.reduce((sum, state) => sum + (states[state] ?? 0), 0);
}

/** The issues that need a look, the newest of them, and the summary of all. */
export function useOpenIssues(view: View, bounds: Bounds) {
  const params: Params = [
    ...eventParams(view, bounds),
    ...OPEN_STATES.map((state) => ["state", state] as const),
    ["limit", String(OPEN_ISSUES)],
  ];
  return useQuery({
    queryKey: [ISSUES, "open", params],
    queryFn: async ({ signal, client }) => {
      await behind(client, ["logs"], signal);
      return getJson<IssuesResponse>("issues", params, signal);
    },
    placeholderData: keepPreviousData,
  });
}

/** A new issue is ongoing after a week, and so is one that came back. */
const OPEN_MS = 8 * 86_400_000;

/** How many issues of the view's environments are in which state, whatever else the view is narrowed to. */
export function useIssueStates({ filters }: View, now: number) {
  const params: Params = [
    ...facetParams({ filters }, "env"),
    ...boundParams({ startMs: now - OPEN_MS, endMs: now }),
    ["limit", "1"],
  ];
  return useQuery({
    queryKey: [ISSUES, "states", params],
    queryFn: async ({ signal, client }) => {
      await behind(client, ["logs"], signal);
      const { summary } = await getJson<IssuesResponse>("issues", params, signal);
      return summary.states;
    },
    placeholderData: keepPreviousData,
  });
}

/** The newest issues of services in a range that may need a look; not asked for without a service. */
export function useIssuesOf(services: readonly string[], envs: readonly string[], bounds: Bounds) {
  const params: Params = [
    ...services.map((service) => ["service", service] as const),
    ...envs.map((env) => ["env", env] as const),
    ...LIVE_STATES.map((state) => ["state", state] as const),
    ...boundParams(bounds),
    ["limit", String(PAGE_ISSUES)],
  ];
  return useQuery({
    queryKey: [ISSUES, "of", params],
    queryFn: ({ signal }) => getJson<IssuesResponse>("issues", params, signal),
    enabled: services.length > 0,
    placeholderData: keepPreviousData,
  });
}

/** The issues of the last weeks that fit words, of some environments or all; none without words. */
export function useIssueSearch(words: string, envs: readonly string[], limit: number) {
  const params: Params = [
    ...envs.map((env) => ["env", env] as const),
    ["start", "now-30d"],
    ["q", words],
    ["limit", String(limit)],
  ];
  return useQuery({
    queryKey: [ISSUES, "search", params],
    queryFn: ({ signal }) => getJson<IssuesResponse>("issues", params, signal),
    enabled: words !== "",
    placeholderData: keepPreviousData,
  });
}

/** How many users the events of an issue are about; `sampled` means that there may be more. */
export interface UserCount {
  users: number;
  sampled: boolean;
}

/** The users of each issue of a list's pages, by issue; those that are not known yet are absent. */
export function useIssueUsers(
  pages: readonly IssuesResponse[],
  view: View,
  bounds: Bounds,
): ReadonlyMap<number, UserCount> {
  const filter = eventParams(view, bounds);
  return useQueries({
    queries: pages
      .filter(({ issues }) => issues.length > 0)
      .map(({ issues }) => {
        const params: Params = [...issues.map(({ id }) => ["issue", String(id)] as const), ...filter];
        return {
          queryKey: [ISSUES, "users", params],
          queryFn: ({ signal }: { signal: AbortSignal }) =>
            getJson<IssueUsersResponse>("issues/users", params, signal),
        };
      }),
    combine: (results) =>
      new Map(results.flatMap(({ data }) => data?.issues ?? []).map((one) => [one.issue, one])),
  });
}

/** The names of all who may log in. */
export function useUserNames() {
  return useQuery({
    queryKey: ["users"],
    queryFn: ({ signal }) => getJson<UsersResponse>("users", [], signal),
  });
}

/** What is known of one issue. */
export function useIssue(id: string, enabled = true) {
  return useQuery({
    queryKey: [ISSUES, "one", id],
    queryFn: ({ signal }) => getJson<IssueDetail>(`issues/${id}`, [], signal),
    enabled,
  });
}

const eventKey = (id: number, place: EventPlace | null) => [ISSUES, "event", id, place?.ts, place?.id];

/** The event of an issue at a place, null if it is not kept any more. */
export function useIssueEvent(id: number, place: EventPlace | null) {
  return useQuery({
    queryKey: eventKey(id, place),
    queryFn: async ({ signal }) => {
      const { ts = "0", id: event } = place ?? {};
      const span: Params = [
        ["start", ts],
        ["end", String(BigInt(ts) + 1n)],
        ["limit", "500"],
      ];
      const found = await getJson<IssueEventsResponse>(`issues/${id}/events`, span, signal);
      return found.events.find((one) => one.id === event) ?? null;
    },
    enabled: place !== null,
  });
}

/** The stored events of an issue next to a place, whether one is stored there or not. */
export function useEventsBeside(id: number, place: EventPlace | null) {
  return useQuery({
    queryKey: [ISSUES, "beside", id, place?.ts, place?.id],
    queryFn: async ({ signal, client }) => {
      const next = async (direction: "backward" | "forward"): Promise<IssueEvent | null> => {
        const params: Params = [
          ["start", EVER],
          ["end", AHEAD],
          ["direction", direction],
          ["cursor", `${place?.ts}-${place?.id}`],
          ["limit", "1"],
        ];
        const [event] = (await getJson<IssueEventsResponse>(`issues/${id}/events`, params, signal)).events;
        if (event) client.setQueryData(eventKey(id, event), event); // it is shown at once when it is its turn
        return event ?? null;
      };
      const [older, newer] = await Promise.all([next("backward"), next("forward")]);
      return { older, newer };
    },
    enabled: place !== null,
  });
}

/** When an issue happened in a range, and where. */
export function useOccurrences(id: number, view: View, bounds: Bounds) {
  const params = eventParams(view, bounds);
  return useQuery({
    queryKey: [ISSUES, "occurrences", id, params],
    queryFn: ({ signal }) => getJson<OccurrencesResponse>(`issues/${id}/occurrences`, params, signal),
    placeholderData: keepPreviousData,
  });
}

/** The events of an issue in a range, the newest first. */
export function useIssueEvents(id: number, view: View, bounds: Bounds) {
  const params: Params = [...eventParams(view, bounds), ["limit", String(PAGE_EVENTS)]];
  return useInfiniteQuery({
    queryKey: [ISSUES, "events", id, params],
    queryFn: ({ signal, pageParam }) =>
      getJson<IssueEventsResponse>(
        `issues/${id}/events`,
        pageParam ? [...params, ["cursor", pageParam]] : params,
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || null,
    placeholderData: keepPreviousData,
  });
}

/** What became of an issue, the newest first. */
export function useIssueHistory(id: number) {
  return useInfiniteQuery({
    queryKey: [ISSUES, "history", id],
    queryFn: ({ signal, pageParam }) =>
      getJson<IssueHistoryResponse>(
        `issues/${id}/history`,
        pageParam ? [["before", String(pageParam)]] : [],
        signal,
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next_before || null,
  });
}

/** Does something with issues; everything about issues is loaded again afterwards. */
export function useIssueAction() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: (action: IssueAction) => postJson<void>("issues/actions", action),
    onSettled: () => client.invalidateQueries({ queryKey: [ISSUES] }),
  });
}

/** Calls `onChanges` with what happens to issues from now on; a cut connection is resumed without a gap. */
export function useIssueChanges(onChanges: (changes: readonly IssueChange[]) => void): void {
  const handle = useEffectEvent(onChanges);
  useEffect(() => followChanges((changes) => handle(changes)), []);
}

// The browser resumes a cut stream by itself; after an HTTP error, as of a restart behind a proxy, it gives up.
function followChanges(handle: (changes: readonly IssueChange[]) => void): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let cursor = "";
  const open = () => {
    source = new EventSource(apiUrl("issues/stream", cursor ? [["cursor", cursor]] : []));
    source.addEventListener("changes", (event: MessageEvent<string>) => {
      cursor = event.lastEventId;
      handle((JSON.parse(event.data) as IssueChanges).changes);
    });
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, REOPEN_MS);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/** Loads an issue again whenever something happens to it. */
export function useFreshIssue(id: number): void {
  const client = useQueryClient();
  useIssueChanges((changes) => {
    if (changes.some(({ issue }) => issue === id)) client.invalidateQueries({ queryKey: [ISSUES] });
  });
}

/** What of a view selects events. */
export function eventParams(view: View, bounds: Bounds): Params {
  return [...EVENT_FACETS.flatMap((facet) => facetParams(view, facet)), ...boundParams(bounds)];
}
