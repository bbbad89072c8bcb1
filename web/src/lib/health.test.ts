import { describe, expect, it } from "vitest";
import type { HealthItem, Verdict } from "../api/types";
import { groupHealth, sharedReason, shortName } from "./health";

function item(id: string, name: string, verdict: Verdict = "ok", reason = "fine"): HealthItem {
  return { id, name, verdict, reason, value: 1, unit: "", display: "1" };
}

describe("groupHealth", () => {
  const groups = groupHealth([
    item("host_cpu", "Host CPU"),
    item("host_disk", "Host disk", "warning", "full"),
    item("backend", "Backend", "no_data"),
    item("pgbouncer", "PgBouncer", "no_data", "no target"),
    item("pgbouncer_waiting", "PgBouncer waiting clients", "no_data", "no target"),
    item("probe_page", "Certificate", "critical"),
  ]);

  it("makes one group of each component, with the worst verdict", () => {
    expect(groups.map(({ id, name, verdict, items }) => [id, name, verdict, items.length])).toEqual([
      ["host", "Host", "warning", 2],
      ["backend", "Backend", "no_data", 1],
      ["pgbouncer", "PgBouncer", "no_data", 2],
      ["probe", "Certificate", "critical", 1],
    ]);
  });

  it("names signals within their group", () => {
    const names = groups.map((group) => group.items.map((member) => shortName(member, group)));
    expect(names).toEqual([["CPU", "disk"], ["state"], ["state", "waiting clients"], ["state"]]);
  });

  it("finds the reason that all share", () => {
    expect(groups.map(sharedReason)).toEqual([null, "fine", "no target", "fine"]);
  });

  it("does not take unknown for good", () => {
    expect(groupHealth([item("a", "A"), item("a_b", "A b", "no_data")])[0]?.verdict).toBe("no_data");
  });
});
