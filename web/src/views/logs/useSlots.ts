import { useRef } from "react";

/**
 * Gives each row in view the number of a place in the page: one that stays keeps its own, a new
 * one takes that of a row that went. Filling a place anew costs a fraction of making another.
 */
export function useSlots(keys: readonly string[]): ReadonlyMap<string, number> {
  const last = useRef<ReadonlyMap<string, number>>(new Map());
  last.current = assignSlots(keys, last.current);
  return last.current;
}

export function assignSlots(
  keys: readonly string[],
  before: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const kept = new Set(keys.map((key) => before.get(key)));
  const free = [...before.values()].filter((slot) => !kept.has(slot));
  let next = Math.max(-1, ...before.values()) + 1;
  return new Map(keys.map((key) => [key, before.get(key) ?? free.pop() ?? next++]));
}
