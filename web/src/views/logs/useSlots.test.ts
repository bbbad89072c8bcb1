import { describe, expect, it } from "vitest";
import { assignSlots } from "./useSlots";

describe("assignSlots", () => {
  it("lets a row that stays keep its place", () => {
    const before = assignSlots(["a", "b", "c"], new Map());
    const after = assignSlots(["b", "c", "d"], before);
    expect(after.get("b")).toBe(before.get("b"));
    expect(after.get("c")).toBe(before.get("c"));
  });

  it("gives the rows after a leap the places of those before, in their order", () => {
    const before = assignSlots(["a", "b"], new Map());
    expect([...assignSlots(["x", "y"], before).values()]).toEqual([...before.values()]);
  });

  it("gives a new row another place than one that went while others stay", () => {
    const before = assignSlots(["b", "c"], new Map());
    const after = assignSlots(["a", "b"], before);
    expect([...before.values()]).not.toContain(after.get("a"));
  });

  it("gives no place twice, whatever comes and goes", () => {
    let slots = assignSlots([], new Map());
    for (const keys of [["a"], ["b", "c", "d"], ["d"], ["e", "d", "f", "g"], []]) {
      slots = assignSlots(keys, slots);
      expect(new Set(slots.values()).size).toBe(keys.length);
    }
  });
});
