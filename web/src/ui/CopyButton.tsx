import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { copyText } from "../lib/clipboard";
import { Button, IconButton } from "./Button";

const SHOWN_MS = 1500;

interface CopyButtonProps {
  text: string;
  label: string;
  /** With words it is a button, without an icon. */
  words?: boolean;
  /** Has the focus at first, in a dialog. */
  focus?: boolean;
}

/** Copies a text and says so. */
export function CopyButton({ text, label, words = false, focus }: CopyButtonProps) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => setState((await copyText(text)) ? "done" : "failed");
  const icon = state === "done" ? <Check size={14} className="text-ok" /> : <Copy size={14} />;
  const said = state === "done" ? "Copied" : state === "failed" ? "Copying is blocked" : label;
  if (!words) {
    return (
      <IconButton label={said} size="sm" onClick={copy}>
        {icon}
      </IconButton>
    );
  }
  return (
    <Button onClick={copy} size="sm" aria-live="polite" data-focus={focus}>
      {icon}
      {said}
    </Button>
  );
}
