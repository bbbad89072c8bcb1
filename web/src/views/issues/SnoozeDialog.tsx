import { type FormEvent, type ReactNode, useState } from "react";
import type { Snooze } from "../../api/types";
import { plural } from "../../lib/format";
import { fromInputTime, toInputTime, zoneOffset } from "../../lib/time";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";

const HOUR_MS = 3_600_000;
const SPANS: readonly { name: string; ms: number }[] = [
  { name: "1 h", ms: HOUR_MS },
  { name: "4 h", ms: 4 * HOUR_MS },
  { name: "1 day", ms: 24 * HOUR_MS },
  { name: "1 week", ms: 7 * 24 * HOUR_MS },
];
const EVENTS_MAX = 1_000_000_000;
const INPUT =
  "h-8 rounded-md border border-line bg-bg px-2 disabled:opacity-50 pointer-coarse:h-10 pointer-coarse:text-[1rem]";

interface SnoozeDialogProps {
  count: number;
  onSnooze: (snooze: Snooze) => void;
  onClose: () => void;
}

/** Asks what ends a snooze: the first of the conditions that are on. */
export default function SnoozeDialog({ count, onSnooze, onClose }: SnoozeDialogProps) {
  const [until, setUntil] = useState(() => toInputTime(Date.now() + 24 * HOUR_MS));
  const [events, setEvents] = useState("100");
  const [on, setOn] = useState({ until: true, events: false, surge: false });
  const snooze = readSnooze(on, until, events);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (snooze) onSnooze(snooze);
  };
  const turn = (name: keyof typeof on) => () => setOn({ ...on, [name]: !on[name] });
  return (
    <Modal title={`Snooze ${plural(count, "issue")}`} place="center" onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <Condition name="Until a time" on={on.until} onTurn={turn("until")}>
          <input
            type="datetime-local"
            step={1}
            aria-label="Time"
            value={until}
            disabled={!on.until}
            onChange={(event) => setUntil(event.target.value)}
            className={INPUT}
          />
          <span className="text-meta text-muted">{zoneOffset(fromInputTime(until) ?? Date.now())}</span>
          <span className="flex flex-wrap gap-1">
            {SPANS.map(({ name, ms }) => (
              <Button
                key={name}
                size="sm"
                onClick={() => {
                  setOn({ ...on, until: true });
                  setUntil(toInputTime(Date.now() + ms));
                }}
              >
                {name}
              </Button>
            ))}
          </span>
        </Condition>
        <Condition name="Until there are more events" on={on.events} onTurn={turn("events")}>
          <input
            type="number"
            min={1}
            max={EVENTS_MAX}
            aria-label="Further events"
            value={events}
            disabled={!on.events}
            onChange={(event) => setEvents(event.target.value)}
            className={`${INPUT} w-32`}
          />
        </Condition>
        <Condition
          name="Until an hour has three times as many as usual"
          on={on.surge}
          onTurn={turn("surge")}
        />
        <Button type="submit" look="primary" disabled={!snooze} data-focus>
          Snooze
        </Button>
      </form>
    </Modal>
  );
}

interface ConditionProps {
  name: string;
  on: boolean;
  onTurn: () => void;
  children?: ReactNode;
}

function Condition({ name, on, onTurn, children }: ConditionProps) {
  return (
    <div className="grid gap-1.5">
      <label className="flex items-center gap-2 pointer-coarse:min-h-10">
        <input type="checkbox" checked={on} onChange={onTurn} className="size-4 accent-accent" />
        {name}
      </label>
      {children && <div className="flex flex-wrap items-center gap-2 pl-6">{children}</div>}
    </div>
  );
}

type Conditions = Record<"until" | "events" | "surge", boolean>;

/** The snooze that is asked for; null if it has no condition, or one that cannot be read or is over at once. */
function readSnooze(on: Conditions, until: string, events: string): Snooze | null {
  const snooze: Snooze = {};
  if (on.until) {
    const ms = fromInputTime(until);
    if (ms === null || ms <= Date.now()) return null;
    snooze.until = new Date(ms).toISOString();
  }
  if (on.events) {
    const count = Number(events);
    if (!Number.isInteger(count) || count < 1 || count > EVENTS_MAX) return null;
    snooze.events = count;
  }
  if (on.surge) snooze.surge = true;
  return Object.keys(snooze).length > 0 ? snooze : null;
}
