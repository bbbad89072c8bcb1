import { useState } from "react";
import type { Entry } from "../../api/types";

export interface Reading {
  /** The entries to show: those at hand when the reading began, for as long as it lasts. */
  shown: readonly Entry[];
  /** How many have arrived since. */
  newer: number;
  isOpen: (entry: Entry) => boolean;
  toggle: (entry: Entry) => void;
  /** Told when the pointer comes over the list and leaves it. */
  setHovered: (hovered: boolean) => void;
  /** Shows the newest ones, closing what is open. */
  release: () => void;
}

/**
 * Keeps a list of newest entries still while the pointer is over it or one of
 * them is open: nothing moves under the hand. Another `subject` is another list.
 */
export function useReading(subject: string, entries: readonly Entry[]): Reading {
  const [current, setCurrent] = useState(subject);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [isHovered, setIsHovered] = useState(false);
  const [held, setHeld] = useState<readonly Entry[]>([]);
  if (current !== subject) {
    setCurrent(subject);
    setOpen(new Set());
    setHeld([]);
  }
  const reading = isHovered || open.size > 0;
  const shown = reading && held.length > 0 ? held : entries;
  const known = new Set(shown.map(({ id }) => id));
  const hold = () => setHeld(shown);
  const toggle = ({ id }: Entry) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    hold();
    setOpen(next);
  };
  const setHovered = (hovered: boolean) => {
    if (hovered) hold();
    setIsHovered(hovered);
  };
  const release = () => {
    setOpen(new Set());
    setHeld(entries);
  };
  const newer = entries.filter(({ id }) => !known.has(id)).length;
  return { shown, newer, isOpen: ({ id }) => open.has(id), toggle, setHovered, release };
}
