import type { Virtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent as ReactKeyboardEvent, useEffect, useEffectEvent } from "react";
import { isTyping } from "../../app/useShortcuts";
import { isBreak, type Row } from "../../lib/rows";
import { isForPage } from "../../ui/focus";

interface GridKeys {
  rows: readonly Row[];
  active: string;
  setActive: (key: string) => void;
  toggle: (key: string, index: number) => void;
  context: (key: string, index: number) => void;
  virtual: Virtualizer<HTMLDivElement, Element>;
  onMove: (() => void) | undefined;
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** j, k and c from anywhere in the view; arrows and Enter when the list has the focus. */
export function useGridKeys(grid: GridKeys): (event: ReactKeyboardEvent) => void {
  const onWindowKey = useEffectEvent((event: KeyboardEvent) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") move(grid, 1);
    else if (event.key === "k") move(grid, -1);
    else if (event.key === "c") atActive(grid, grid.context);
    else if (event.key === "Enter" && isForPage(event)) atActive(grid, grid.toggle);
  });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => onWindowKey(event);
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);

  return (event) => {
    const step = STEPS[event.key];
    if (event.target !== event.currentTarget || (step === undefined && event.key !== "Enter")) return;
    event.preventDefault();
    if (step === undefined) atActive(grid, grid.toggle);
    else move(grid, step);
  };
}

function move({ rows, active, setActive, virtual, onMove }: GridKeys, step: number): void {
  const from = rows.findIndex(({ id }) => id === active);
  let index = from < 0 ? firstVisible(virtual) - (step > 0 ? 1 : 0) + (step > 0 ? 0 : 1) : from;
  do index += step;
  while (isBreakAt(rows, index));
  const row = rows[index];
  if (!row) return;
  setActive(row.id);
  onMove?.();
  virtual.scrollToIndex(index, { align: "auto" });
}

function isBreakAt(rows: readonly Row[], index: number): boolean {
  const row = rows[index];
  return row !== undefined && isBreak(row);
}

function atActive({ rows, active }: GridKeys, act: (key: string, index: number) => void): void {
  const index = rows.findIndex(({ id }) => id === active);
  if (index >= 0) act(active, index);
}

function firstVisible(virtual: Virtualizer<HTMLDivElement, Element>): number {
  const offset = virtual.scrollOffset ?? 0;
  return virtual.getVirtualItems().find((item) => item.end > offset)?.index ?? 0;
}
