import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getJson, postJson } from "./client";
import type { ChannelInput, NotificationsResponse, RuleInput, SentResponse, TestResult } from "./types";
import { useWrite } from "./write";

const NOTIFICATIONS = "notifications";
const EVERY_MS = 15_000;

/** Channels, rules and who changed them. */
export function useNotifications() {
  return useQuery({
    queryKey: [NOTIFICATIONS, "settings"],
    queryFn: ({ signal }) => getJson<NotificationsResponse>("notifications", [], signal),
    refetchInterval: EVERY_MS,
  });
}

/** What was sent, the newest first, page by page. */
export function useSent() {
  return useInfiniteQuery({
    queryKey: [NOTIFICATIONS, "sent"],
    queryFn: ({ signal, pageParam }) =>
      getJson<SentResponse>("notifications/sent", pageParam ? [["before", String(pageParam)]] : [], signal),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next_before || null,
    refetchInterval: EVERY_MS,
  });
}

/** What is stored: a channel or a rule; without an id it is new. */
export type Saved =
  | { what: "channels"; id: number | null; input: ChannelInput }
  | { what: "rules"; id: number | null; input: RuleInput };

/** Stores a channel or a rule. */
export function useSave() {
  return useChange(({ what, id, input }: Saved) =>
    id === null
      ? postJson<unknown>(`notifications/${what}`, input)
      : postJson<unknown>(`notifications/${what}/${id}`, input, "PUT"),
  );
}

/** Deletes a channel or a rule. */
export function useRemove() {
  return useChange(({ what, id }: { what: Saved["what"]; id: number }) =>
    postJson<unknown>(`notifications/${what}/${id}`, {}, "DELETE"),
  );
}

/** Sends a test message by a channel. */
export function useTest() {
  return useChange((id: number) => postJson<TestResult>(`notifications/channels/${id}/test`, {}));
}

/** A change after which everything about notifications is loaded again. */
function useChange<Input, Result>(change: (input: Input) => Promise<Result>) {
  const client = useQueryClient();
  return useWrite({
    mutationFn: change,
    onSettled: () => client.invalidateQueries({ queryKey: [NOTIFICATIONS] }),
  });
}
