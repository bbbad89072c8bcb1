import type { HealthItem, Verdict } from "../api/types";

/** The signals of one component: what one card shows. */
export interface HealthGroup {
  id: string;
  name: string;
  verdict: Verdict;
  items: readonly HealthItem[];
}

// Unknown is worse than good: silence is not taken for health.
const GRAVITY: readonly Verdict[] = ["critical", "warning", "no_data", "ok"];

/** Groups signals by component, which is the first part of their id; the order is kept. */
export function groupHealth(items: readonly HealthItem[]): HealthGroup[] {
  const groups = new Map<string, HealthItem[]>();
  for (const item of items) {
    const id = item.id.split("_", 1)[0] ?? item.id;
    groups.set(id, [...(groups.get(id) ?? []), item]);
  }
  return [...groups].map(([id, members]) => ({
    id,
    name: groupName(id, members),
    verdict: worst(members),
    items: members,
  }));
}

/** The name of a signal within its group: "CPU" of "Host CPU", "state" of the component itself. */
export function shortName(item: HealthItem, group: HealthGroup): string {
  const rest = item.name.startsWith(group.name) ? item.name.slice(group.name.length).trim() : item.name;
  return rest === "" ? "state" : rest;
}

/** The one reason of all signals of a group, if they share it. */
export function sharedReason({ items }: HealthGroup): string | null {
  const reason = items[0]?.reason ?? null;
  return items.every((item) => item.reason === reason) ? reason : null;
}

function groupName(id: string, members: readonly HealthItem[]): string {
  const itself = members.find((item) => item.id === id) ?? (members.length === 1 ? members[0] : undefined);
  return itself?.name ?? members[0]?.name.split(" ", 1)[0] ?? id;
}

function worst(items: readonly HealthItem[]): Verdict {
  return GRAVITY.find((verdict) => items.some((item) => item.verdict === verdict)) ?? "no_data";
}
