import { Popover } from "radix-ui";
import type { ComponentProps } from "react";
import { cx } from "./cx";

const leave = (event: Event) => event.preventDefault();
const LEAVES_FOCUS = { onOpenAutoFocus: leave, onCloseAutoFocus: leave };

interface PopupProps extends ComponentProps<typeof Popover.Content> {
  label: string;
  /** It opens while its trigger is hovered or focused too, so that the focus stays where it is. */
  peeks?: boolean;
}

/** What a Popover.Root opens beside its trigger; `className` is its width. */
export function Popup({ label, peeks, className, ...rest }: PopupProps) {
  return (
    <Popover.Portal>
      <Popover.Content
        sideOffset={4}
        collisionPadding={8}
        aria-label={label}
        className={cx(
          "z-40 max-h-[70vh] max-w-[calc(100vw-1rem)] overflow-y-auto rounded-md border border-line bg-panel p-3 shadow-overlay",
          className,
        )}
        {...(peeks && LEAVES_FOCUS)}
        {...rest}
      />
    </Popover.Portal>
  );
}
