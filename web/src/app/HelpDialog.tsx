import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { IconButton } from "../ui/Button";

const KEYS: readonly (readonly [string, string])[] = [
  ["g o", "Go to the overview"],
  ["g l", "Go to the logs"],
  ["/", "Search the lines"],
  ["t", "Live tail on and off"],
  ["j  k", "Next and previous line"],
  ["Enter", "Open and close a line"],
  ["?", "This help"],
];

const MOUSE: readonly (readonly [string, string])[] = [
  ["Click", "on a value shows only lines with it"],
  ["Alt + click", "leaves out lines with it"],
  ["Drag", "over a chart zooms every panel to that time"],
  ["Click", "on a chart keeps its numbers open"],
];

/** What the keyboard and the mouse can do. */
export default function HelpDialog({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-1/2 left-1/2 z-50 w-[26rem] max-w-[calc(100vw-1rem)] -translate-x-1/2 -translate-y-1/2 rounded-md border border-line bg-panel p-4 shadow-overlay"
        >
          <div className="mb-2 flex items-center justify-between">
            <Dialog.Title className="font-semibold">Keyboard and mouse</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X size={16} aria-hidden />
              </IconButton>
            </Dialog.Close>
          </div>
          <Table rows={KEYS} />
          <div className="my-3 h-px bg-line" />
          <Table rows={MOUSE} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Table({ rows }: { rows: readonly (readonly [string, string])[] }) {
  return (
    <dl className="grid grid-cols-[7rem_1fr] gap-y-1.5">
      {rows.map(([keys, what]) => (
        <div key={what} className="contents">
          <dt className="font-mono text-code text-muted">{keys}</dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
