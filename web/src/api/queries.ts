import {
  infiniteQueryOptions,
  keepPreviousData,
  QueryCache,
  QueryClient,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";
import { useAnyCost } from "../state/anchor";
import { buildLogQL } from "../state/logql";
import { filterParams, isMetric, type View } from "../state/view";
import { ApiError, getJson, type Params, postJson } from "./client";
import { behind } from "./order";
import type {
  HealthResponse,
  HealthSeriesResponse,
  LabelsResponse,
  LoginRequest,
  LoginResponse,
  LogsResponse,
  Session,
  VolumeResponse,
} from "./types";
import { useWrite } from "./write";

const SESSION = ["session"] as const;
const LOGS = "logs";
const VOLUME = "volume";
const HEALTH_EVERY_MS = 15_000;
const PAGE_LINES = 200;

/** A closed range of time in unix milliseconds. */
export interface Bounds {
  startMs: number;
  endMs: number;
}

/** The page's query cache. An ended session anywhere leads to the login view. */
export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof ApiError && error.status === 401) client.setQueryData(SESSION, null);
      },
    }),
    defaultOptions: {
      queries: { retry: shouldRetry, retryDelay: 800, staleTime: 30_000, refetchOnWindowFocus: false },
    },
  });
  return client;
}

/** Loads again whatever failed, in all panels: one cause mostly fails several. */
export function useRetry(): () => void {
  const client = useQueryClient();
  return () => {
    client.refetchQueries({ type: "active", predicate: (query) => query.state.status === "error" });
  };
}

/** The session, or null when there is none. */
export function useSession() {
  return useQuery({
    queryKey: SESSION,
    queryFn: ({ signal }) => loadSession(signal),
    initialData: sessionOfPage,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** True once it is known that the user is an admin. */
export function useIsAdmin(): boolean {
  return useSession().data?.user.role === "admin";
}

export function useLogin() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: (request: LoginRequest) => postJson<LoginResponse>("login", request),
    onSuccess: async () => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION[0] });
      await client.refetchQueries({ queryKey: SESSION });
    },
  });
}

export function useLogout() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: () => postJson<void>("logout", {}),
    onSuccess: () => {
      client.setQueryData(SESSION, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION[0] });
    },
  });
}

export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: async ({ signal, client }) => {
      await behind(client, [LOGS], signal);
      return getJson<HealthResponse>("health", [], signal);
    },
    refetchInterval: HEALTH_EVERY_MS,
    staleTime: HEALTH_EVERY_MS / 2,
  });
}

/** What the signals of a component were in a range. */
export function useHealthSeries(component: string, bounds: Bounds) {
  const params = boundParams(bounds);
  return useQuery({
    queryKey: ["health-series", component, params],
    queryFn: ({ signal }) =>
      getJson<HealthSeriesResponse>(`health/${encodeURIComponent(component)}/series`, params, signal),
    placeholderData: keepPreviousData,
    // What was not answered is asked for again, as the range of a page may stand still.
    refetchInterval: ({ state }) => (state.data?.partial ? HEALTH_EVERY_MS : false),
  });
}

/** Counts over time of the view's lines, by the given labels. */
export function useVolume(view: View, bounds: Bounds, by: string) {
  const params: Params = [...useCostParams(), ...viewParams(view), ...boundParams(bounds), ["by", by]];
  return useQuery({
    queryKey: [VOLUME, params],
    queryFn: async ({ signal, client }) => {
      await behind(client, [LOGS], signal);
      return getJson<VolumeResponse>("volume", params, signal);
    },
    placeholderData: keepPreviousData,
  });
}

/** Values of the facets with their counts. */
export function useLabels(view: View, bounds: Bounds, enabled = true) {
  const params: Params = [...useCostParams(), ...viewParams(view), ...boundParams(bounds)];
  return useQuery({
    queryKey: ["labels", params],
    queryFn: async ({ signal, client }) => {
      await behind(client, [LOGS, VOLUME], signal);
      return getJson<LabelsResponse>("labels", params, signal);
    },
    placeholderData: keepPreviousData,
    enabled,
  });
}

interface LogsOptions {
  limit?: number | undefined;
  enabled?: boolean;
}

/** The view's lines, page by page. */
export function useLogs(view: View, bounds: Bounds, { limit, enabled = true }: LogsOptions = {}) {
  const query = logsQuery(useLogsParams(view, bounds, limit));
  return useInfiniteQuery({ ...query, placeholderData: keepPreviousData, enabled });
}

/** Begins to load, once, what useLogs shows with the same arguments. */
export function useLogsAhead(view: View, bounds: Bounds, { limit, enabled = true }: LogsOptions = {}): void {
  const client = useQueryClient();
  const query = logsQuery(useLogsParams(view, bounds, limit));
  const begin = useEffectEvent(() => {
    if (enabled) client.prefetchInfiniteQuery(query);
  });
  useEffect(() => begin(), []);
}

/** The parameters of every page of the view's lines; with "logs" they are the key of their query. */
export function useLogsParams(view: View, bounds: Bounds, limit = PAGE_LINES): Params {
  return [
    ...useCostParams(),
    ...viewParams(view),
    ...boundParams(bounds),
    ["limit", String(limit)],
    ["direction", view.order === "oldest" ? "forward" : "backward"],
  ];
}

/** Loads a page of lines; `place` is where it begins, in place of the parameters of the same names. */
export function loadPage(params: Params, place: Params, signal?: AbortSignal): Promise<LogsResponse> {
  const others = params.filter(([name]) => place.every(([other]) => other !== name));
  return getJson<LogsResponse>("logs", [...others, ...place], signal);
}

function logsQuery(params: Params) {
  return infiniteQueryOptions({
    queryKey: [LOGS, params],
    queryFn: ({ signal, pageParam }) => loadPage(params, pageParam, signal),
    initialPageParam: [] as Params,
    getNextPageParam: (page): Params | null => (page.next_cursor ? [["cursor", page.next_cursor]] : null),
  });
}

/** What queries add that read lines: whether they are to run whatever they read. */
export function useCostParams(): Params {
  return costParams(useAnyCost());
}

export function costParams(anyCost: boolean): Params {
  return anyCost ? [["cost", "any"]] : [];
}

/** The filters of a view as the API takes them. A metric query has no lines: those of its view are what its filters select. */
export function viewParams(view: View): Params {
  if (isMetric(view.query)) return viewParams({ ...view, query: "" });
  return view.fields.length > 0 || view.query !== "" ? [["query", buildLogQL(view)]] : filterParams(view);
}

/** A range as the API takes it. */
export function boundParams({ startMs, endMs }: Bounds): Params {
  return [
    ["start", new Date(startMs).toISOString()],
    ["end", new Date(endMs).toISOString()],
  ];
}

/** The session that the server wrote into the page, or null when there was none; undefined where it wrote nothing. */
function sessionOfPage(): Session | null | undefined {
  const text = document.querySelector<HTMLMetaElement>("meta[name=session]")?.content;
  return text ? (JSON.parse(text) as Session | null) : undefined;
}

async function loadSession(signal: AbortSignal): Promise<Session | null> {
  try {
    return await getJson<Session>("session", [], signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

// The server has its own deadlines and retries: here only a cut connection is tried once more.
function shouldRetry(failures: number, error: Error): boolean {
  return failures < 1 && error instanceof ApiError && error.code === "network";
}
