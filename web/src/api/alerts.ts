import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import type { View } from "../state/view";
import { deleteAt, getJson, type Params, postJson } from "./client";
import { behind } from "./order";
import { type Bounds, boundParams } from "./queries";
import type {
  AlertDetail,
  AlertSeriesResponse,
  AlertsResponse,
  AlertTimelineResponse,
  SilenceRequest,
  SilenceResponse,
  SilencesResponse,
} from "./types";
import { useWrite } from "./write";

const ALERTS = "alerts";
const EVERY_MS = 15_000;

/** What fires now. */
export function useAlerts(view: View) {
  const params = envParams(view);
  return useQuery({
    queryKey: [ALERTS, "firing", params],
    queryFn: async ({ signal, client }) => {
      await behind(client, ["logs"], signal);
      return getJson<AlertsResponse>("alerts", params, signal);
    },
    refetchInterval: EVERY_MS,
    staleTime: EVERY_MS / 2,
    placeholderData: keepPreviousData,
  });
}

/** What fired in a range, by the alert's name. */
export function useAlertTimeline(view: View, bounds: Bounds) {
  const params: Params = [...envParams(view), ...boundParams(bounds)];
  return useQuery({
    queryKey: [ALERTS, "timeline", params],
    queryFn: ({ signal }) => getJson<AlertTimelineResponse>("alerts/timeline", params, signal),
    placeholderData: keepPreviousData,
  });
}

/** What is known of one episode. */
export function useAlert(id: string) {
  return useQuery({
    queryKey: [ALERTS, "one", id],
    queryFn: ({ signal }) => getJson<AlertDetail>(`alerts/${id}`, [], signal),
    // The issues of its minutes cost queries; after its end they hardly change.
    refetchInterval: ({ state }) => (state.data?.end ? 4 * EVERY_MS : EVERY_MS),
  });
}

/** The graph of an episode's expression; `now` loads it anew. */
export function useAlertSeries(id: number, now: number) {
  return useQuery({
    queryKey: [ALERTS, "series", id, now],
    queryFn: ({ signal }) => getJson<AlertSeriesResponse>(`alerts/${id}/series`, [], signal),
    placeholderData: keepPreviousData,
  });
}

/** The silences that are active or will be; not asked for where they are not needed. */
export function useSilences(enabled = true) {
  return useQuery({
    enabled,
    queryKey: [ALERTS, "silences"],
    queryFn: ({ signal }) => getJson<SilencesResponse>("alerts/silences", [], signal),
    refetchInterval: 4 * EVERY_MS,
  });
}

/** Silences an alert; all about alerts is loaded again afterwards. */
export function useSilence() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: (request: SilenceRequest) => postJson<SilenceResponse>("alerts/silences", request),
    onSuccess: () => client.invalidateQueries({ queryKey: [ALERTS] }),
  });
}

/** Ends a silence. */
export function useUnsilence() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: (id: string) => deleteAt(`alerts/silences/${encodeURIComponent(id)}`),
    onSettled: () => client.invalidateQueries({ queryKey: [ALERTS] }),
  });
}

// Alerts are filtered by the environment alone.
function envParams(view: View): Params {
  return view.filters.env.include.map((value) => ["env", value] as const);
}
