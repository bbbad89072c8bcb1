import { useState } from "react";
import { useCost } from "../../api/lines";
import { type Bounds, viewParams } from "../../api/queries";
import type { View } from "../../state/view";

/** Ranges up to this long are read without asking what they cost. */
const FREE_MS = 3 * 3_600_000;

export interface CostGuard {
  /** "checking" lasts as long as Loki's index takes; "ask" waits for the reader's word. */
  state: "run" | "checking" | "ask";
  bytes: number;
  /** Runs the query all the same, until filters or range change. */
  confirm: () => void;
}

/** Holds back a query that would read very much. When the cost is not known, the query runs. */
export function useCostGuard(view: View, bounds: Bounds): CostGuard {
  const long = !view.tail && bounds.endMs - bounds.startMs > FREE_MS;
  const { data, isLoading } = useCost(view, bounds, long);
  const [confirmed, setConfirmed] = useState("");
  const key = JSON.stringify([viewParams(view), view.range]);
  const confirm = () => setConfirmed(key);
  const bytes = data?.bytes ?? 0;
  if (!long || confirmed === key) return { state: "run", bytes, confirm };
  if (isLoading) return { state: "checking", bytes, confirm };
  return { state: data?.huge ? "ask" : "run", bytes, confirm };
}
