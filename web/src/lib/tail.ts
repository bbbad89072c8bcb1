import type { Entry } from "../api/types";

/** What the page shows of a live tail. */
export interface TailSnapshot {
  state: "connecting" | "live" | "reconnecting" | "failed";
  /** Plain words when not live. */
  message: string;
  /** Oldest first, at most `capacity`. */
  entries: readonly Entry[];
  paused: boolean;
  /** Lines that arrived while paused and are held back. */
  pending: number;
  /** Lines the server left out because this viewer or Loki was too slow. */
  droppedByServer: number;
  /** Lines left out here because the pause lasted too long. */
  droppedHere: number;
}

export type TailEvent =
  | { kind: "entries"; entries: readonly Entry[] }
  | { kind: "dropped"; count: number }
  | { kind: "status"; state: TailSnapshot["state"]; message: string }
  | { kind: "pause" }
  | { kind: "resume" };

/** Holds the lines of a live tail in a ring: bounded, each line once, and unmoving while paused. */
export class TailBuffer {
  private shown: Entry[] = [];
  private held: Entry[] = [];
  private ids = new Set<string>();
  private snapshot: TailSnapshot = {
    state: "connecting",
    message: "",
    entries: [],
    paused: false,
    pending: 0,
    droppedByServer: 0,
    droppedHere: 0,
  };

  constructor(private readonly capacity = 10_000) {}

  /** The current state; the same object until the next event changes it. */
  get current(): TailSnapshot {
    return this.snapshot;
  }

  /** Applies the events in their order and returns the new state. */
  apply(events: readonly TailEvent[]): TailSnapshot {
    let next = this.snapshot;
    for (const event of events) next = this.reduce(next, event);
    this.snapshot = { ...next, entries: this.shown, pending: this.held.length };
    return this.snapshot;
  }

  private reduce(state: TailSnapshot, event: TailEvent): TailSnapshot {
    switch (event.kind) {
      case "entries":
        return this.add(state, event.entries);
      case "dropped":
        return { ...state, droppedByServer: state.droppedByServer + event.count };
      case "status":
        return { ...state, state: event.state, message: event.message };
      case "pause":
        return { ...state, paused: true };
      case "resume":
        this.shown = this.trim([...this.shown, ...this.held]);
        this.held = [];
        return { ...state, paused: false };
    }
  }

  private add(state: TailSnapshot, entries: readonly Entry[]): TailSnapshot {
    const fresh = entries.filter(({ id }) => !this.ids.has(id) && this.ids.add(id));
    if (fresh.length === 0) return state;
    if (!state.paused) {
      this.shown = this.trim([...this.shown, ...fresh]);
      return state;
    }
    const held = [...this.held, ...fresh];
    const overflow = Math.max(0, held.length - this.capacity);
    this.forget(held.slice(0, overflow));
    this.held = held.slice(overflow);
    return { ...state, droppedHere: state.droppedHere + overflow };
  }

  private trim(entries: Entry[]): Entry[] {
    const overflow = Math.max(0, entries.length - this.capacity);
    this.forget(entries.slice(0, overflow));
    return overflow > 0 ? entries.slice(overflow) : entries;
  }

  private forget(entries: readonly Entry[]): void {
    for (const { id } of entries) this.ids.delete(id);
  }
}
