import { useEffectEvent, useLayoutEffect, useState } from "react";

/** Where a list was left: how far it was scrolled, and the row that the keys were at. */
export interface Place {
  offset: number;
  active: number | null;
}

const START: Place = { offset: 0, active: null };

/** The place where the list of that name was left before, and how to note it; kept until the tab is closed. */
export function usePlace(name: string): [Place, (place: Place) => void] {
  const [left] = useState(() => read(name));
  const leave = (place: Place) => {
    try {
      sessionStorage.setItem(name, JSON.stringify(place));
    } catch {
      // Storage is blocked or full: the list begins at its start again.
    }
  };
  return [left, leave];
}

/** Calls `leave` when the component goes. */
export function useLeaving(leave: () => void): void {
  const last = useEffectEvent(leave);
  useLayoutEffect(() => () => last(), []);
}

function read(name: string): Place {
  try {
    const { offset, active } = JSON.parse(sessionStorage.getItem(name) ?? "null") ?? START;
    return { offset: Number(offset) || 0, active: typeof active === "number" ? active : null };
  } catch {
    return START;
  }
}
