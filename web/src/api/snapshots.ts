import { useQuery, useQueryClient } from "@tanstack/react-query";
import { LINES, STORY } from "../app/routes";
import { fixedView, type Shown, seenBounds } from "../state/share";
import { isMetric } from "../state/view";
import { deleteAt, getJson, type Params, postJson } from "./client";
import { boundParams, viewParams } from "./queries";
import type { Snapshot, SnapshotContent, SnapshotInput, Snapshots } from "./types";
import { useWrite } from "./write";

const SNAPSHOTS = ["snapshots"] as const;

/** What all users have frozen. */
export function useSnapshots() {
  return useQuery({
    queryKey: SNAPSHOTS,
    queryFn: ({ signal }) => getJson<Snapshots>("snapshots", [], signal),
  });
}

/** A snapshot with its content, which never changes. */
export function useSnapshot(id: string) {
  return useQuery({
    queryKey: [...SNAPSHOTS, id],
    queryFn: ({ signal }) => getJson<SnapshotContent>(`snapshots/${encodeURIComponent(id)}`, [], signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useFreeze() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: (input: SnapshotInput) => postJson<Snapshot>("snapshots", input),
    onSuccess: () => client.invalidateQueries({ queryKey: SNAPSHOTS, exact: true }),
  });
}

export function useDeleteSnapshot() {
  const client = useQueryClient();
  return useWrite({
    mutationFn: (id: string) => deleteAt(`snapshots/${encodeURIComponent(id)}`),
    onSettled: () => client.invalidateQueries({ queryKey: SNAPSHOTS, exact: true }),
  });
}

/** What of a view can be frozen, as the API takes it; null for views that cannot. */
export function frozenParams(shown: Shown, now: number): Pick<SnapshotInput, "of" | "params"> | null {
  const { path, view } = shown;
  if (isMetric(view.query)) return null;
  const range = boundParams(seenBounds(shown, now));
  if (path === LINES.path) {
    const direction = view.order === "oldest" ? "forward" : "backward";
    return input("lines", [...viewParams(view), ...range, ["direction", direction], ["by", view.by]]);
  }
  if (path === STORY && view.request !== "") return input("story", [["id", view.request], ...range]);
  const issue = shown.issue;
  const [ts, id] = fixedView(shown, now).line.split("-");
  if (issue === "" || !ts || !id) return null;
  return input("issue", [
    ["issue", issue],
    ["ts", ts],
    ["id", id],
  ]);
}

function input(of: SnapshotInput["of"], params: Params): Pick<SnapshotInput, "of" | "params"> {
  return { of, params: new URLSearchParams(params.map(([key, value]) => [key, value])).toString() };
}
