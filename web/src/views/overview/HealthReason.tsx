import { Popover } from "radix-ui";
import {
  type FocusEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactElement,
  useRef,
  useState,
} from "react";
import type { HealthItem } from "../../api/types";
import { formatExact } from "../../lib/time";
import { TimeAgo } from "../../ui/TimeAgo";
import { VerdictMark, verdictWord } from "../../ui/Verdict";

const HOVER_MS = 150;

/** Opens the reason of a verdict beside its card: while hovered or focused, and for good on click, tap and Enter. */
export default function HealthReason({ card, item }: { card: ReactElement; item: HealthItem }) {
  const [state, setState] = useState<"closed" | "peek" | "open">("closed");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const peek = (next: "closed" | "peek") => setState((now) => (now === "open" ? now : next));
  const hover = (next: "closed" | "peek") => (event: PointerEvent) => {
    if (event.pointerType !== "mouse") return;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => peek(next), HOVER_MS);
  };
  const click = (event: MouseEvent) => {
    event.preventDefault();
    setState(state === "open" ? "closed" : "open");
  };
  const focus = (event: FocusEvent) => event.currentTarget.matches(":focus-visible") && peek("peek");
  return (
    <Popover.Root open={state !== "closed"} onOpenChange={(next) => setState(next ? "open" : "closed")}>
      <Popover.Trigger
        asChild
        onPointerEnter={hover("peek")}
        onPointerLeave={hover("closed")}
        onFocus={focus}
        onBlur={() => peek("closed")}
        onClick={click}
      >
        {card}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={4}
          collisionPadding={8}
          aria-label={`${item.name}: why`}
          onOpenAutoFocus={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => event.preventDefault()}
          className="z-40 w-72 rounded-md border border-line bg-panel p-3 shadow-overlay"
        >
          <Reason item={item} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Reason({ item }: { item: HealthItem }) {
  const limits = [
    item.warning !== undefined && `degraded from ${item.warning}`,
    item.critical !== undefined && `critical from ${item.critical}`,
  ].filter(Boolean);
  return (
    <div className="grid gap-1">
      <p className="flex items-center gap-2 font-semibold">
        <VerdictMark verdict={item.verdict} />
        {item.name}: {verdictWord(item.verdict)}
      </p>
      <p>{item.reason}</p>
      {item.since && (
        <p className="text-meta text-muted">
          Since {formatExact(Date.parse(item.since))} (<TimeAgo ms={Date.parse(item.since)} />)
        </p>
      )}
      {limits.length > 0 && (
        <p className="text-meta text-muted">
          Limits: {limits.join(", ")} {item.unit === "percent" ? "%" : item.unit}
        </p>
      )}
    </div>
  );
}
