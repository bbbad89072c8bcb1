import type { HealthComponent, HealthSignal } from "../../api/types";
import { headlines } from "../../lib/health";
import { cx } from "../../ui/cx";
import { lazily, Meanwhile } from "../../ui/lazily";
import { VerdictMark, verdictColour, verdictWord } from "../../ui/Verdict";

const FACE_SIGNALS = 4;

const HealthReason = lazily(() => import("./HealthReason"));

/** Verdict and values of one component; the reasons open on hover, focus, click and tap. */
export function HealthCard({ component }: { component: HealthComponent }) {
  const card = (
    <button
      type="button"
      className={cx(
        "flex min-h-24 w-full flex-1 flex-col rounded-md border bg-panel px-3 py-2 text-left transition-colors duration-100 sm:min-h-35",
        component.verdict === "no_data"
          ? "hatched border-dashed border-line"
          : "border-line hover:border-muted",
      )}
    >
      <span className="flex w-full items-start justify-between gap-1.5 pb-1">
        <span className="min-w-0">{component.name}</span>
        <span className="mt-[5px]">
          <VerdictMark verdict={component.verdict} />
        </span>
      </span>
      <CardFace component={component} />
    </button>
  );
  return (
    <li className="flex min-w-0" data-health={component.id}>
      <Meanwhile value={card}>
        <HealthReason card={card} component={component} />
      </Meanwhile>
    </li>
  );
}

function CardFace({ component }: { component: HealthComponent }) {
  if (component.verdict === "no_data") {
    return (
      <>
        <span className={cx("truncate text-value font-semibold", verdictColour("no_data"))}>
          {verdictWord("no_data")}
        </span>
        <span className="line-clamp-5 text-meta leading-[1.1rem]">{component.reason}</span>
      </>
    );
  }
  return headlines(component, FACE_SIGNALS).map((signal) => <SignalLine key={signal.id} signal={signal} />);
}

function SignalLine({ signal }: { signal: HealthSignal }) {
  const good = signal.verdict === "ok";
  return (
    <span className="flex w-full items-baseline gap-1.5 text-meta leading-[1.1rem] wrap-normal">
      <span className="text-muted">{signal.name}</span>
      <span className={cx("ml-auto text-right font-semibold", !good && verdictColour(signal.verdict))}>
        {signal.display || verdictWord(signal.verdict)}
      </span>
      {!good && <VerdictMark verdict={signal.verdict} size={8} />}
    </span>
  );
}
