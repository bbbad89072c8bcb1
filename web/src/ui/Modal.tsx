import { X } from "lucide-react";
import { type MouseEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "./Button";
import { cx } from "./cx";
import { keepFocus } from "./focus";

interface ModalProps {
  title: string;
  /** "center" for reading, "bottom" for a sheet that thumbs reach. */
  place: "center" | "bottom";
  onClose: () => void;
  /** Has only text, which is scrolled by the keyboard too. */
  textOnly?: boolean;
  children: ReactNode;
}

const PLACES = {
  center: "m-auto w-[26rem] max-w-[calc(100vw-1rem)] rounded-md border",
  bottom: "mx-0 mt-auto mb-0 w-full max-w-none rounded-t-md border-t pb-[env(safe-area-inset-bottom)]",
};

/**
 * A dialog over the page, open for as long as it is rendered; the browser keeps the focus in it and closes it on Escape.
 * What has `data-focus` has the focus at first; at the end it is back where it was.
 */
export function Modal({ title, place, onClose, textOnly = false, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>("[data-focus]")?.focus();
    return () => keepFocus(before); // the browser does so only if the dialog is closed before it is gone
  }, []);
  // A click on the dialog itself is one beside its content: on the backdrop.
  const outside = (event: MouseEvent) => event.target === dialog.current && dialog.current.close();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, by the browser
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onClose={onClose}
      onClick={outside}
      className={cx(
        "max-h-[80dvh] border-line bg-panel text-text shadow-overlay backdrop:bg-scrim",
        PLACES[place],
      )}
    >
      <div className="flex max-h-[80dvh] flex-col">
        <div className="flex items-center justify-between border-b border-line py-1 pr-2 pl-4">
          <h2 id={id} className="font-semibold">
            {title}
          </h2>
          <IconButton label="Close" onClick={() => dialog.current?.close()}>
            <X size={16} aria-hidden />
          </IconButton>
        </div>
        <div tabIndex={textOnly ? 0 : undefined} className="min-h-0 flex-1 overflow-y-auto p-4">
          {children}
        </div>
      </div>
    </dialog>
  );
}
