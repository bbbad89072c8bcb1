import { DropdownMenu } from "radix-ui";
import { type ReactNode, useContext } from "react";
import { cx } from "./cx";
import { OpenAtOnce } from "./openAtOnce";

const ITEM =
  "flex h-8 cursor-pointer items-center gap-2 rounded-sm px-2 outline-none select-none " +
  "data-highlighted:bg-hover pointer-coarse:h-10";

/** A menu under its trigger, moved through with the arrow keys. */
export function Menu({ trigger, children }: { trigger: ReactNode; children: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false} defaultOpen={useContext(OpenAtOnce)}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          className="z-40 max-h-[70vh] min-w-48 overflow-auto rounded-md border border-line bg-panel p-1 shadow-overlay"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuItem({ onSelect, children }: { onSelect: () => void; children: ReactNode }) {
  return (
    <DropdownMenu.Item className={ITEM} onSelect={onSelect}>
      {children}
    </DropdownMenu.Item>
  );
}

/** One of a menu's choices; `note` stands at its right edge. */
export interface MenuOption {
  value: string;
  label: string;
  note?: string;
}

/** Items of which one is chosen. */
export function MenuChoice({
  value,
  options,
  onChange,
}: {
  value: string;
  options: readonly MenuOption[];
  onChange: (value: string) => void;
}) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={onChange}>
      {options.map((option) => (
        <DropdownMenu.RadioItem key={option.value} value={option.value} className={ITEM}>
          <span className="inline-flex w-3 justify-center">
            <DropdownMenu.ItemIndicator>
              <span className="block size-1.5 rounded-full bg-accent" />
            </DropdownMenu.ItemIndicator>
          </span>
          <span className={cx(option.value === value && "font-semibold")}>{option.label}</span>
          {option.note && <span className="ml-auto pl-4 text-meta text-muted">{option.note}</span>}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

export function MenuNote({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 py-1.5 text-meta text-muted">{children}</DropdownMenu.Label>;
}

export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}
