import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import type { View } from "../state/view";
import { apiUrl, getJson, type Params } from "./client";
import { type Bounds, boundParams, costParams, useCostParams, viewParams } from "./queries";
import type {
  CompletionOption,
  Entry,
  LogsCompletion,
  LogsCost,
  LogsMetric,
  LogsResponse,
  LogsSample,
} from "./types";

/** Asks how much Loki would read for all lines of a view; null when that is not known. */
export function useCost(view: View, bounds: Bounds): () => Promise<LogsCost | null> {
  const client = useQueryClient();
  const params: Params = [...viewParams(view), ...boundParams(bounds)];
  return () =>
    client
      .fetchQuery({
        queryKey: ["cost", params],
        queryFn: ({ signal }) => getJson<LogsCost>("logs/cost", params, signal),
      })
      .catch(() => null);
}

/** Patterns and fields of the view's newest lines. */
export function useSample(view: View, bounds: Bounds, enabled = true) {
  const params: Params = [...useCostParams(), ...viewParams(view), ...boundParams(bounds)];
  return useQuery({
    queryKey: ["sample", params],
    queryFn: ({ signal }) => getJson<LogsSample>("logs/sample", params, signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** What a metric query gives over a range. */
export function useMetric(query: string, bounds: Bounds) {
  const params: Params = [...useCostParams(), ["query", query], ...boundParams(bounds)];
  return useQuery({
    queryKey: ["metric", params],
    queryFn: ({ signal }) => getJson<LogsMetric>("logs/metric", params, signal),
    placeholderData: keepPreviousData,
  });
}

/** What is to be completed: names, or the values of one, among the streams of a selector. */
export interface Wanted {
  name?: string;
  /** Whether fields of lines are wanted beside labels. */
  fields: boolean;
  /** A stream selector; empty for all streams. */
  selector: string;
}

/** Loads names or values of the lines that the view's filters select in the range, its query aside. */
export function useCompletion(view: View, bounds: Bounds): (wanted: Wanted) => Promise<CompletionOption[]> {
  const client = useQueryClient();
  return async ({ name, fields, selector }) => {
    const params: Params = [
      ...viewParams({ ...view, query: selector, fields: [], q: [], not: [], patterns: [] }),
      ...boundParams(bounds),
      ...(fields ? [["of", "fields"] as const] : []),
      ...(name ? [["name", name] as const] : []),
    ];
    const { options } = await client.fetchQuery({
      queryKey: ["completion", params],
      queryFn: ({ signal }) => getJson<LogsCompletion>("logs/completion", params, signal),
    });
    return options;
  };
}

export type ExportFormat = "ndjson" | "csv";

/** Where the view's lines are as a file, whatever they cost; the browser saves it. */
export function exportUrl(view: View, bounds: Bounds, format: ExportFormat): string {
  const direction = view.order === "oldest" ? "forward" : "backward";
  return apiUrl("logs/export", [
    ...costParams(true),
    ...viewParams(view),
    ...boundParams(bounds),
    ["direction", direction],
    ["format", format],
  ]);
}

const DAY_NS = 86_400_000_000_000n;
/** How many lines of context one click loads. */
export const CONTEXT_LINES = 10;

/** Lines of the same stream on one side of a line, nearest first, within a day; each page is ten lines. */
export function useContextLines(entry: Entry, side: "before" | "after") {
  const at = BigInt(entry.ts);
  const range: Params =
    side === "before"
      ? [
          ["start", String(at - DAY_NS)],
          ["end", String(at)],
          ["direction", "backward"],
        ]
      : [
          ["start", String(at)],
          ["end", String(at + DAY_NS)],
          ["direction", "forward"],
        ];
  const params: Params = [...streamParams(entry), ...range];
  return useInfiniteQuery({
    queryKey: ["context", entry.id, side],
    queryFn: ({ signal, pageParam }) =>
      getJson<LogsResponse>(
        "logs",
        [...params, ["limit", String(CONTEXT_LINES)], ...(pageParam ? [["cursor", pageParam] as const] : [])],
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

// The level is left out: an error's neighbours are mostly of another one.
const STREAM_LABELS = ["service", "env", "host", "container", "job"] as const;

function streamParams(entry: Entry): Params {
  return STREAM_LABELS.flatMap((name) => {
    const value = entry.labels[name];
    return value ? [[name, value] as const] : [];
  });
}
