import { lazy, Suspense } from "react";
import type { HealthItem } from "../../api/types";
import { cx } from "../../ui/cx";
import { VerdictMark, verdictColour, verdictWord } from "../../ui/Verdict";
import { Meter } from "./Meter";

const HealthReason = lazy(() => import("./HealthReason"));

/** Verdict and value of one dependency; the reason opens on hover, focus, click and tap. */
export function HealthCard({ item }: { item: HealthItem }) {
  const card = (
    <button
      type="button"
      className={cx(
        "flex min-h-18 w-full flex-1 flex-col rounded-md border bg-panel px-3 py-2 text-left transition-colors duration-100 sm:h-23",
        item.verdict === "no_data" ? "hatched border-dashed border-line" : "border-line hover:border-muted",
      )}
    >
      <CardFace item={item} />
    </button>
  );
  return (
    <li className="flex min-w-0" data-health={item.id}>
      <Suspense fallback={card}>
        <HealthReason card={card} item={item} />
      </Suspense>
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
