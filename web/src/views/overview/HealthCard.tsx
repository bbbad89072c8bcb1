import { Popover } from "radix-ui";
import { useRef, useState } from "react";
import type { HealthItem } from "../../api/types";
import { formatExact } from "../../lib/time";
import { cx } from "../../ui/cx";
import { TimeAgo } from "../../ui/TimeAgo";
import { VerdictMark, verdictColour, verdictWord } from "../../ui/Verdict";
import { Meter } from "./Meter";

const HOVER_MS = 150;

/** Verdict and value of one dependency; the reason opens on hover, focus, click and tap. */
export function HealthCard({ item }: { item: HealthItem }) {
  const [open, setOpen] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hover = (next: boolean) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOpen(next), HOVER_MS);
  };
  return (
    <li className="min-w-0" data-health={item.id}>
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger asChild>
          <button
            type="button"
            onPointerEnter={(event) => event.pointerType === "mouse" && hover(true)}
            onPointerLeave={(event) => event.pointerType === "mouse" && hover(false)}
            className={cx(
              "flex h-23 w-full flex-col rounded-md border bg-panel px-3 py-2 text-left transition-colors duration-100",
              item.verdict === "no_data"
                ? "hatched border-dashed border-line"
                : "border-line hover:border-muted",
            )}
          >
            <CardFace item={item} />
          </button>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content
            sideOffset={4}
            collisionPadding={8}
            onOpenAutoFocus={(event) => event.preventDefault()}
            className="z-40 w-72 rounded-md border border-line bg-panel p-3 shadow-overlay"
          >
            <Reason item={item} />
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
    </li>
  );
}

function CardFace({ item }: { item: HealthItem }) {
  const good = item.verdict === "ok";
  return (
    <>
      <span className="flex w-full items-center gap-1.5 text-meta">
        <span className="truncate text-muted">{item.name}</span>
        <span className="ml-auto" />
        <VerdictMark verdict={item.verdict} />
      </span>
      <span className={cx("truncate text-value font-semibold", !good && verdictColour(item.verdict))}>
        {item.display || verdictWord(item.verdict)}
      </span>
      {good && item.unit === "percent" && item.value !== null ? (
        <Meter item={item} />
      ) : (
        <span className={cx("line-clamp-2 text-meta leading-[1.1rem]", good ? "text-muted" : "text-text")}>
          {!good && item.display && (
            <span className={verdictColour(item.verdict)}>{verdictWord(item.verdict)} · </span>
          )}
          {item.reason}
        </span>
      )}
    </>
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
