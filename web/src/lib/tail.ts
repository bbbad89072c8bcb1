import type { Entry } from "../api/types";

/** What the page shows of a live tail. */
export interface TailSnapshot {
  state: "connecting" | "live" | "reconnecting" | "failed";
  /** Plain words when not live. */
  message: string;
  /** The newest lines, oldest first: so many as a window shows while they arrive, all while paused. */
  entries: readonly Entry[];
  /** How many lines come before `entries`. */
  before: number;
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

/** How many lines a tail holds. */
export const TAIL_LINES = 100_000;

/** More lines than any screen has. */
const WINDOW_LINES = 300;

/**
 * Holds the lines of a live tail: bounded, each line once, and unmoving while
 * paused. What an event costs depends on its own lines, not on those held.
 */
export class TailBuffer {
  /** The lines; once it is full, `next` is the place of the oldest. */
  private readonly ring: Entry[] = [];
  private next = 0;
  private readonly ids = new Set<string>();
  private snapshot: TailSnapshot = {
    state: "connecting",
    message: "",
    entries: [],
    before: 0,
    paused: false,
    pending: 0,
    droppedByServer: 0,
    droppedHere: 0,
  };

  constructor(
    private readonly capacity = TAIL_LINES,
    private readonly window = WINDOW_LINES,
  ) {}

  /** The current state; the same object until the next event changes it. */
  get current(): TailSnapshot {
    return this.snapshot;
  }

  /** Applies the events in their order and returns the new state. */
  apply(events: readonly TailEvent[]): TailSnapshot {
    let state = this.snapshot;
    for (const event of events) state = this.reduce(state, event);
    this.snapshot = state.paused ? state : { ...state, ...this.newest(this.window) };
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
        return state.paused ? state : { ...state, ...this.newest(this.capacity), paused: true };
      case "resume":
        return { ...state, paused: false, pending: 0 };
    }
  }

  private add(state: TailSnapshot, entries: readonly Entry[]): TailSnapshot {
    let fresh = 0;
    for (const entry of entries) {
      if (this.ids.has(entry.id)) continue;
      this.put(entry);
      fresh++;
    }
    if (!state.paused) return state;
    // What the pause began with is in the snapshot; of what came since, the ring has the newest.
    const arrived = state.pending + fresh;
    const pending = Math.min(arrived, this.capacity);
    return { ...state, pending, droppedHere: state.droppedHere + arrived - pending };
  }

  private put(entry: Entry): void {
    const oldest = this.ring[this.next];
    if (oldest) this.ids.delete(oldest.id);
    this.ring[this.next] = entry;
    this.ids.add(entry.id);
    this.next = (this.next + 1) % this.capacity;
  }

  /** The newest lines, at most `count`, and how many are before them. */
  private newest(count: number): { entries: readonly Entry[]; before: number } {
    const length = Math.min(count, this.ring.length);
    const start = this.next - length;
    const entries =
      start >= 0
        ? this.ring.slice(start, this.next)
        : [...this.ring.slice(start), ...this.ring.slice(0, this.next)];
    return { entries, before: this.ring.length - length };
  }
}
