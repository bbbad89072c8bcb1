import { useLocation } from "wouter";
import { useIssue } from "../../api/issues";
import { ISSUES } from "../../app/routes";
import { useAnchor } from "../../state/anchor";
import type { Shown } from "../../state/share";
import { useView } from "../../state/useView";
import { useZone } from "../../state/zone";

/** What is seen now; for an issue with its event, also while the address names none. */
export function useShown(): Shown {
  const [path] = useLocation();
  const { view } = useView();
  const [zone] = useZone();
  const bounds = useAnchor();
  const issue = issueOf(path);
  const newest = useIssue(issue, issue !== "").data?.newest;
  return { path, view, zone, bounds, issue, event: newest ? `${newest.ts}-${newest.id}` : "" };
}

/** The number of the issue whose event a path shows; empty for none. */
function issueOf(path: string): string {
  return new RegExp(`^${ISSUES.path}/(\\d+)(?:/around)?$`).exec(path)?.[1] ?? "";
}
