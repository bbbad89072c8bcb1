import { useRef } from "react";

/**
 * Gives each row in view the number of an element of the page. One that stays keeps its own. When
 * none stays, as after a leap, the elements there are take up the new rows in their order: filling one
 * costs less than making another. Otherwise the new rows get new ones: to have old ones change places
 * with those that stay would cost more than both.
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
  const free = keys.some((key) => before.has(key)) ? [] : [...before.values()];
  let next = Math.max(-1, ...before.values()) + 1;
  return new Map(keys.map((key, index) => [key, before.get(key) ?? free[index] ?? next++]));
}
