import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactElement } from "react";
import type { Bounds } from "../../api/queries";
import { IconButton } from "../../ui/Button";
import { Facets } from "./Facets";

/** The facets of narrow screens: a sheet from below. */
export default function FacetSheet({ trigger, bounds }: { trigger: ReactElement; bounds: Bounds }) {
  return (
    <Dialog.Root>
      <Dialog.Trigger asChild>{trigger}</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-x-0 bottom-0 z-50 flex max-h-[80dvh] flex-col rounded-t-md border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] shadow-overlay"
        >
          <div className="flex items-center justify-between border-b border-line py-1 pr-2 pl-4">
            <Dialog.Title className="font-semibold">Filters</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X size={16} aria-hidden />
              </IconButton>
            </Dialog.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto p-2">
            <Facets bounds={bounds} />
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
