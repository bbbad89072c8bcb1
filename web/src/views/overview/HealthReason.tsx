import { Popover } from "radix-ui";
import type { ReactElement } from "react";
import { Link } from "wouter";
import type { HealthComponent, HealthSignal } from "../../api/types";
import { HEALTH } from "../../app/routes";
import { headlines } from "../../lib/health";
import { linkTo, useView } from "../../state/useView";
import { Popup } from "../../ui/Popup";
import { usePeek } from "../../ui/usePeek";
import { VerdictMark, verdictWord } from "../../ui/Verdict";
import { Since } from "../health/Since";
import { Meter } from "./Meter";

/** How many signals are explained; the view of health has all. */
const MOST = 6;

/** Opens the reasons of a component beside its card: while hovered or focused, and for good on click, tap and Enter. */
export default function HealthReason({
  card,
  component,
}: {
  card: ReactElement;
  component: HealthComponent;
}) {
  const { view } = useView();
  const { open, onOpenChange, trigger } = usePeek();
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Trigger asChild {...trigger}>
        {card}
      </Popover.Trigger>
      <Popup peeks label={`${component.name}: why`} className="w-80">
        <ul className="grid gap-3">
          {headlines(component, MOST).map((item) => (
            <Reason key={item.id} item={item} />
          ))}
        </ul>
        <Link
          href={linkTo(HEALTH.path, { ...view, component: component.id })}
          className="mt-3 block text-accent hover:underline"
        >
          All signals and graphs
        </Link>
      </Popup>
    </Popover.Root>
  );
}

function Reason({ item }: { item: HealthSignal }) {
  return (
    <li className="grid gap-0.5">
      <p className="flex items-center gap-2">
        <VerdictMark verdict={item.verdict} />
        <span className="font-semibold">{item.name}</span>
        <span className="ml-auto">{item.display || verdictWord(item.verdict)}</span>
      </p>
      {item.unit === "percent" && item.value !== null && <Meter item={item} />}
      <p className="text-muted">{item.reason}</p>
      <Since of={item} className="text-meta text-muted" />
    </li>
  );
}
