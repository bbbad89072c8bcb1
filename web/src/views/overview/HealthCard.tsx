import { lazy, Suspense } from "react";
import type { HealthItem } from "../../api/types";
import { type HealthGroup, sharedReason, shortName } from "../../lib/health";
import { cx } from "../../ui/cx";
import { VerdictMark, verdictColour, verdictWord } from "../../ui/Verdict";

const HealthReason = lazy(() => import("./HealthReason"));

/** Verdict and values of one component; the reasons open on hover, focus, click and tap. */
export function HealthCard({ group }: { group: HealthGroup }) {
  const card = (
    <button
      type="button"
      className={cx(
        "flex min-h-24 w-full flex-1 flex-col rounded-md border bg-panel px-3 py-2 text-left transition-colors duration-100 sm:h-28",
        group.verdict === "no_data" ? "hatched border-dashed border-line" : "border-line hover:border-muted",
      )}
    >
      <span className="flex w-full items-center gap-1.5 pb-1">
        <span className="truncate">{group.name}</span>
        <span className="ml-auto" />
        <VerdictMark verdict={group.verdict} />
      </span>
      <CardFace group={group} />
    </button>
  );
  return (
    <li className="flex min-w-0" data-health={group.id}>
      <Suspense fallback={card}>
        <HealthReason card={card} group={group} />
      </Suspense>
    </li>
  );
}

function CardFace({ group }: { group: HealthGroup }) {
  const [first] = group.items;
  const reason = sharedReason(group);
  if (!first) return null;
  if (group.items.length === 1 || reason !== null) return <OneSignal item={first} reason={reason ?? ""} />;
  return group.items
    .slice(0, 4)
    .map((item) => <SignalLine key={item.id} name={shortName(item, group)} item={item} />);
}

function OneSignal({ item, reason }: { item: HealthItem; reason: string }) {
  const good = item.verdict === "ok";
  return (
    <>
      <span className={cx("truncate text-value font-semibold", !good && verdictColour(item.verdict))}>
        {item.display || verdictWord(item.verdict)}
      </span>
      <span className={cx("line-clamp-2 text-meta leading-[1.1rem]", good ? "text-muted" : "text-text")}>
        {reason}
      </span>
    </>
  );
}

function SignalLine({ name, item }: { name: string; item: HealthItem }) {
  const good = item.verdict === "ok";
  return (
    <span className="flex w-full items-center gap-1.5 text-meta leading-[1.1rem]">
      <span className="truncate text-muted">{name}</span>
      <span
        className={cx(
          "ml-auto shrink-0",
          good ? "font-semibold" : verdictColour(item.verdict),
          !good && "font-semibold",
        )}
      >
        {item.display || verdictWord(item.verdict)}
      </span>
      {!good && <VerdictMark verdict={item.verdict} size={8} />}
    </span>
  );
}
