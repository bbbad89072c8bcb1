import type { ComponentProps, ReactNode } from "react";
import { cx } from "./cx";

type Look = "primary" | "outline" | "quiet" | "plain";
type Size = "sm" | "md" | "lg";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent font-semibold hover:brightness-110 border-transparent",
  outline: "border-line bg-panel hover:bg-hover",
  quiet: "border-transparent text-muted hover:bg-hover hover:text-text",
  plain: "border-transparent hover:bg-hover",
};

const PRESSED = "border-transparent bg-select text-accent font-semibold";

const BASE =
  "inline-flex items-center justify-center gap-1.5 rounded-md border whitespace-nowrap transition-colors " +
  "duration-100 disabled:opacity-40 disabled:pointer-events-none aria-disabled:opacity-40 select-none";

// Fingers need 40 px, whatever the look.
const SIZES: Record<Size, string> = {
  sm: "h-7 px-2.5 pointer-coarse:h-10 pointer-coarse:min-w-10",
  md: "h-8 px-3 pointer-coarse:h-10 pointer-coarse:min-w-10",
  lg: "h-9 px-3 pointer-coarse:h-11",
};

const ICON_SIZES = { sm: "size-6 pointer-coarse:size-10", md: "size-8 pointer-coarse:size-10" };

/** The classes of a button, for links that look like one. */
export function buttonClass(look: Look = "outline", size: Size = "md"): string {
  return cx(BASE, LOOKS[look], SIZES[size]);
}

export interface ButtonProps extends ComponentProps<"button"> {
  look?: Look;
  size?: Size;
}

/** A button with words on it. `className` is for its place, not for its look. */
export function Button({ look = "outline", size = "md", className, type = "button", ...rest }: ButtonProps) {
  const face = rest["aria-pressed"] ? PRESSED : LOOKS[look];
  return <button type={type} className={cx(BASE, face, SIZES[size], className)} {...rest} />;
}

export interface IconButtonProps
  extends Omit<ComponentProps<"button">, "aria-label" | "title" | "className"> {
  label: string;
  size?: "sm" | "md";
  children: ReactNode;
}

/** A square button with an icon; its label is read out and shown on hover. */
export function IconButton({ label, size = "md", children, type = "button", ...rest }: IconButtonProps) {
  const face = rest["aria-pressed"] ? PRESSED : LOOKS.quiet;
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={cx(BASE, face, "shrink-0", ICON_SIZES[size])}
      {...rest}
    >
      {children}
    </button>
  );
}
