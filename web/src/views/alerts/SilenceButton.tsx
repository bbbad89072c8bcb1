import { BellOff } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { useSilence } from "../../api/alerts";
import { useIsAdmin } from "../../api/queries";
import type { FiringAlert, SilenceRequest } from "../../api/types";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Modal } from "../../ui/Modal";
import { Segmented } from "../../ui/Segmented";

const HOUR_MS = 3_600_000;
const SPANS: readonly { name: string; ms: number }[] = [
  { name: "1 h", ms: HOUR_MS },
  { name: "4 h", ms: 4 * HOUR_MS },
  { name: "1 day", ms: 24 * HOUR_MS },
  { name: "1 week", ms: 168 * HOUR_MS },
];

/** Opens the dialog that silences an alert, for those who may; a small one has no words on narrow screens. */
export function SilenceButton({ alert, small = false }: { alert: FiringAlert; small?: boolean }) {
  const [open, setOpen] = useState(false);
  if (!useIsAdmin()) return null;
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)} aria-label={`Silence ${alert.name}`}>
        <BellOff size={14} aria-hidden />
        <span className={cx(small && "hidden sm:inline")}>Silence</span>
      </Button>
      {open && <SilenceDialog alert={alert} onClose={() => setOpen(false)} />}
    </>
  );
}

/** Asks why; the button that says how long is the last click. Enter is the shortest. */
function SilenceDialog({ alert, onClose }: { alert: FiringAlert; onClose: () => void }) {
  const silence = useSilence();
  const [reason, setReason] = useState("");
  const [scope, setScope] = useState<SilenceRequest["scope"]>("alert");
  const hint = useId();
  const start = (ms: number) =>
    silence.mutate({ episode: alert.id, scope, for_ms: ms, reason }, { onSuccess: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() !== "") start(HOUR_MS);
  };
  return (
    <Modal title={`Silence ${alert.name}`} place="center" onClose={onClose}>
      <form onSubmit={submit} className="grid gap-3">
        <label className="grid gap-1">
          Why
          <input
            data-focus
            value={reason}
            maxLength={1000}
            dir="auto"
            aria-describedby={hint}
            onChange={(event) => setReason(event.target.value)}
            className="h-8 rounded-md border border-line bg-bg px-2 pointer-coarse:h-10 pointer-coarse:text-[1rem]"
          />
        </label>
        <Segmented
          label="What is silenced"
          value={scope}
          options={[
            { value: "alert", label: "This alert" },
            { value: "name", label: alert.env ? `All of this name in ${alert.env}` : "All of this name" },
          ]}
          onChange={setScope}
        />
        <fieldset className="flex flex-wrap gap-2">
          <legend className="pb-1">For</legend>
          {SPANS.map(({ name, ms }) => (
            <Button
              key={name}
              look="primary"
              disabled={reason.trim() === "" || silence.isPending}
              onClick={() => start(ms)}
            >
              {name}
            </Button>
          ))}
        </fieldset>
        <p id={hint} className="text-meta text-muted">
          It goes on firing here, but Alertmanager does not notify. Others see who silenced it, and why.
        </p>
        {silence.isError && (
          <p role="alert" className="text-error">
            {silence.error.message}
          </p>
        )}
      </form>
    </Modal>
  );
}
