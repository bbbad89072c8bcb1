import { useState } from "react";
import type { Entry } from "../../api/types";

export interface Reading {
  /** The entries to show: those at hand when the first was opened, for as long as one is open. */
  shown: readonly Entry[];
  /** How many have arrived since. */
  newer: number;
  isOpen: (entry: Entry) => boolean;
  toggle: (entry: Entry) => void;
  /** Shows the newest ones, closing what is open. */
  release: () => void;
}

/** Keeps a list of newest entries still while one of them is open and being read. */
export function useReading(entries: readonly Entry[]): Reading {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [held, setHeld] = useState<readonly Entry[]>([]);
  const shown = open.size > 0 ? held : entries;
  const known = new Set(shown.map(({ id }) => id));
  const toggle = ({ id }: Entry) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    if (open.size === 0) setHeld(entries);
    setOpen(next);
  };
  return {
    shown,
    newer: entries.filter(({ id }) => !known.has(id)).length,
    isOpen: ({ id }) => open.has(id),
    toggle,
    release: () => setOpen(new Set()),
  };
}
