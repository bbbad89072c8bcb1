import { ChevronRight } from "lucide-react";
import { useEffect, useId, useRef } from "react";
import type { HealthComponent, HealthSignal } from "../../api/types";
import { headlines } from "../../lib/health";
import { cx } from "../../ui/cx";
import { VerdictMark, verdictColour, verdictWord } from "../../ui/Verdict";
import { CardBody } from "./CardBody";
import { Since } from "./Since";

const HEADLINES = 3;

interface CardProps {
  component: HealthComponent;
  open: boolean;
  onToggle: () => void;
}

/** One component: verdict and reason; opened, its signals and graphs. */
export function ComponentCard({ component, open, onToggle }: CardProps) {
  const body = useId();
  const card = useRef<HTMLLIElement>(null);
  // A link that names a component leads to it; later it stays where the eye is.
  const linked = useRef(open);
  useEffect(() => {
    if (linked.current) card.current?.scrollIntoView?.({ block: "nearest" });
  }, []);
  return (
    <li
      ref={card}
      data-component={component.id}
      className={cx(
        "min-w-0 rounded-md border bg-panel",
        component.verdict === "no_data" ? "border-dashed border-line" : "border-line",
      )}
    >
      <h2>
        <button
          type="button"
          aria-expanded={open}
          aria-controls={body}
          onClick={onToggle}
          className={cx(
            "grid w-full grid-cols-[auto_1fr_auto] items-center gap-x-3 rounded-md px-4 py-2.5 text-left hover:bg-hover",
            "lg:grid-cols-[auto_11rem_1fr_auto_auto]",
          )}
        >
          <VerdictMark verdict={component.verdict} size={12} />
          <span className="font-semibold">{component.name}</span>
          <span className="col-span-3 row-start-2 min-w-0 wrap-anywhere lg:col-span-1 lg:row-start-auto">
            <span className={component.verdict === "ok" ? "text-muted" : undefined}>{component.reason}</span>
            {component.since && <Since of={component} className="block text-meta text-muted" />}
          </span>
          <span className="hidden w-84 grid-cols-3 gap-4 xl:grid">
            {component.verdict !== "no_data" &&
              headlines(component, HEADLINES).map((signal) => <Headline key={signal.id} signal={signal} />)}
          </span>
          <ChevronRight
            size={16}
            aria-hidden
            className={cx(
              "col-start-3 row-start-1 text-muted transition-transform duration-100 motion-reduce:transition-none",
              "lg:col-start-auto lg:row-start-auto",
              open && "rotate-90",
            )}
          />
        </button>
      </h2>
      {open && (
        <div id={body}>
          <CardBody component={component} />
        </div>
      )}
    </li>
  );
}

function Headline({ signal }: { signal: HealthSignal }) {
  return (
    <span className="grid min-w-0 justify-items-end">
      <span className={cx("font-semibold", signal.verdict !== "ok" && verdictColour(signal.verdict))}>
        {signal.display || verdictWord(signal.verdict)}
      </span>
      <span className="max-w-full truncate text-meta text-muted">{signal.name}</span>
    </span>
  );
}
