import { Gauge } from "lucide-react";
import { formatBytes } from "../../lib/format";
import { describeDuration } from "../../lib/time";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import type { CostGuard } from "./useCostGuard";

const SHORT_MS = 3_600_000;

/** Says what a query would read before it is run, and offers less. */
export function CostQuestion({ guard, spanMs }: { guard: CostGuard; spanMs: number }) {
  const { view, setView } = useView();
  return (
    <div
      role="status"
      data-cost
      className="flex h-full flex-col items-center justify-center gap-3 border-t border-line p-6 text-center"
    >
      <Gauge size={20} aria-hidden className="text-muted" />
      <p className="font-semibold">
        Loki would read up to {formatBytes(guard.bytes)} for {describeDuration(spanMs)}
      </p>
      <p className="max-w-prose text-muted">
        That takes a while and slows down everybody else’s queries. A filter on a service, or a shorter time,
        makes it cheaper.
      </p>
      <div className="flex flex-wrap justify-center gap-2">
        <Button
          look="primary"
          onClick={() => setView({ ...view, range: { kind: "relative", spanMs: SHORT_MS } })}
        >
          Look at the last hour
        </Button>
        <Button onClick={guard.confirm}>Run it all the same</Button>
      </div>
    </div>
  );
}
