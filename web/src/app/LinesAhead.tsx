import { useAnchor } from "../state/anchor";
import { useView } from "../state/useView";
import { useCostGuard } from "../views/logs/useCostGuard";
import { useListedLines } from "../views/logs/useListedLines";

/** Asks for the lines of the list while the code of its view is still being loaded, and before anything else asks Loki. */
export function LinesAhead() {
  const { view } = useView();
  const guard = useCostGuard(view, useAnchor());
  useListedLines(guard.state === "run" && (view.tail || view.show === "lines"));
  return null;
}
