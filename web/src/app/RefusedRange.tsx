import { useLocation, useSearch } from "wouter";
import { lastSpan } from "../lib/time";
import { linkTo, useView } from "../state/useView";
import { DEFAULT_SPAN_MS, refusedRange } from "../state/view";
import { Button } from "../ui/Button";
import { Notice } from "../ui/States";

/** Says that the address asks for a range that there is not, and what is shown in its place. */
export function RefusedRange() {
  const refused = refusedRange(useSearch());
  const { view } = useView();
  const [path, navigate] = useLocation();
  if (refused === "") return null;
  return (
    <Notice
      action={
        <Button size="sm" look="quiet" onClick={() => navigate(linkTo(path, view), { replace: true })}>
          Dismiss
        </Button>
      }
    >
      The address asks for {refused.slice(0, 120)}. Shown is the last {lastSpan(DEFAULT_SPAN_MS)} instead.
    </Notice>
  );
}
