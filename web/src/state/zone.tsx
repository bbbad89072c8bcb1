import { createContext, type ReactNode, useContext, useState } from "react";
import { setZone, type Zone } from "../lib/time";
import { useView } from "./useView";

type Choice = readonly [Zone, (next: Zone) => void];

const ZoneContext = createContext<Choice>(["local", () => {}]);

/** Holds the zone of all times: the address decides, then what was chosen on this machine, then it is the local one. */
export function ZoneProvider({ children }: { children: ReactNode }) {
  const { view, setView } = useView();
  const [chosen, setChosen] = useState(stored);
  const zone = view.zone ?? chosen;
  // Before anything below is drawn, so that it is drawn with this zone.
  setZone(zone);
  const choose = (next: Zone) => {
    store(next);
    setChosen(next);
    if (view.zone) setView({ ...view, zone: null }, { replace: true });
  };
  return <ZoneContext value={[zone, choose]}>{children}</ZoneContext>;
}

/**
 * The zone of all times, and a function that chooses another. What draws times but is not drawn again with the page
 * around it (a memo, a canvas) needs it, to be drawn again when it changes.
 */
export function useZone(): Choice {
  return useContext(ZoneContext);
}

const KEY = "zone";

function stored(): Zone {
  try {
    return localStorage.getItem(KEY) === "utc" ? "utc" : "local";
  } catch {
    return "local";
  }
}

function store(zone: Zone): void {
  try {
    localStorage.setItem(KEY, zone);
  } catch {
    // Storage is blocked: the choice lasts until the page is reloaded.
  }
}
