import { type KeyboardEvent, type MouseEvent, useEffect, useId, useRef, useState } from "react";
import type { Session } from "../../api/types";
import { type Command, matching } from "../../lib/palette";
import { cx } from "../../ui/cx";
import { keepFocus } from "../../ui/focus";
import { useCommands } from "./useCommands";

interface PaletteProps {
  session: Session;
  onHelp: () => void;
  onShare: () => void;
  onSearches: () => void;
  onClose: () => void;
}

/** Finds and does by the keyboard what the page can do: type, choose with the arrows, Enter. */
export default function Palette({ session, onHelp, onShare, onSearches, onClose }: PaletteProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const found = matching(useCommands(text.trim(), session, { onHelp, onShare, onSearches }), text);
  const active = Math.min(at, found.length - 1);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => keepFocus(before);
  }, []);
  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView?.({ block: "nearest" });
  }, [id, active]);
  const run = (command: Command | undefined) => {
    if (!command) return;
    dialog.current?.close();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setAt((active + step + found.length) % Math.max(found.length, 1));
    else if (event.key === "Enter") run(found[active]);
    else return;
    event.preventDefault();
  };
  const outside = (event: MouseEvent) => event.target === dialog.current && dialog.current.close();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, by the browser
    <dialog
      ref={dialog}
      aria-label="Search or jump"
      onClose={onClose}
      onClick={outside}
      className="mx-auto mt-[10dvh] mb-auto w-[38rem] max-w-[calc(100vw-1rem)] rounded-md border border-line bg-panel text-text shadow-overlay backdrop:bg-scrim"
    >
      <div className="flex max-h-[70dvh] flex-col">
        <input
          autoFocus
          role="combobox"
          aria-label="Search or jump"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${active}` : undefined}
          placeholder="A view, issue, service, time, or the id of a request"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKey}
          spellCheck={false}
          className="h-11 shrink-0 border-b border-line bg-panel px-4 text-value outline-none"
        />
        <div
          id={`${id}-list`}
          role="listbox"
          aria-label="What is found"
          className="min-h-0 overflow-y-auto py-1"
        >
          {found.map((command, index) => (
            <Row
              key={command.id}
              id={`${id}-${index}`}
              command={command}
              head={command.group !== found[index - 1]?.group}
              active={index === active}
              onRun={() => run(command)}
            />
          ))}
        </div>
        {found.length === 0 && <p className="px-4 pb-3 text-muted">Nothing is called so.</p>}
      </div>
    </dialog>
  );
}

interface RowProps {
  id: string;
  command: Command;
  /** True for the first of its group. */
  head: boolean;
  active: boolean;
  onRun: () => void;
}

function Row({ id, command, head, active, onRun }: RowProps) {
  const { group, title, note, keys } = command;
  return (
    <>
      {head && (
        <p role="presentation" className="px-4 pt-2 pb-0.5 text-meta text-muted">
          {group}
        </p>
      )}
      {/* biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the field has the focus and the keys */}
      <div
        id={id}
        role="option"
        aria-selected={active}
        data-command={command.id}
        onClick={onRun}
        className={cx(
          "flex min-h-8 cursor-pointer items-center gap-3 px-4 py-1 pointer-coarse:min-h-10",
          active ? "bg-select" : "hover:bg-hover",
        )}
      >
        <span className="min-w-0 truncate" dir="auto">
          {title}
        </span>
        <span className="ml-auto shrink-0 truncate text-meta text-muted">{note}</span>
        {keys && <kbd className="shrink-0 font-mono text-meta text-muted">{keys}</kbd>}
      </div>
    </>
  );
}
