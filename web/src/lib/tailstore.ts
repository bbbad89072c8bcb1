import { TailBuffer, type TailEvent, type TailSnapshot } from "./tail";

const HIDDEN_FLUSH_MS = 250;
const MAX_QUEUED = 500;

/** A tail that the page can watch: events are gathered and shown once a frame. */
export class TailStore {
  private readonly buffer = new TailBuffer();
  private readonly listeners = new Set<() => void>();
  private queue: TailEvent[] = [];
  private cancel: (() => void) | null = null;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): TailSnapshot => this.buffer.current;

  /** Takes an event; what people do (pause, resume) shows at once. */
  emit(event: TailEvent): void {
    this.queue.push(event);
    const byHand = event.kind === "pause" || event.kind === "resume";
    if (byHand || this.queue.length >= MAX_QUEUED) this.flush();
    else this.cancel ??= nextFrame(() => this.flush());
  }

  /** Drops what is not shown yet. */
  stop(): void {
    this.cancel?.();
    this.cancel = null;
    this.queue = [];
  }

  private flush(): void {
    this.cancel?.();
    this.cancel = null;
    const events = this.queue;
    this.queue = [];
    this.buffer.apply(events);
    for (const listener of this.listeners) listener();
  }
}

// A hidden page gets no frames: there a slow timer keeps the queue short.
function nextFrame(run: () => void): () => void {
  if (document.hidden) {
    const timer = setTimeout(run, HIDDEN_FLUSH_MS);
    return () => clearTimeout(timer);
  }
  const frame = requestAnimationFrame(run);
  return () => cancelAnimationFrame(frame);
}
