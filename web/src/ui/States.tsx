import { CircleAlert, Inbox, RotateCw, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError, errorText } from "../api/client";
import { isFinal, rangeLimit } from "../lib/limit";
import { lastSpan } from "../lib/time";
import { useAnchor } from "../state/anchor";
import { useView } from "../state/useView";
import { Button } from "./Button";
import { CostQuestion } from "./CostQuestion";
import { cx } from "./cx";

/** What a panel shows when it could not load: the reason in plain words and a way on. */
export function ErrorState({ error, bounds, onRetry, className }: ErrorStateProps) {
  const cost = costOf(error);
  if (cost) return <CostQuestion cost={cost} bounds={bounds} className={className} />;
  return (
    <div
      role="alert"
      className={cx("flex flex-col items-center justify-center gap-3 p-6 text-center", className)}
    >
      <p className="flex max-w-prose items-start gap-2 text-left">
        <CircleAlert size={16} className="mt-0.5 shrink-0 text-error" aria-hidden />
        {errorText(error)}
      </p>
      <LongestRange error={error} bounds={bounds} />
      {!isFinal(error) && (
        <Button onClick={onRetry}>
          <RotateCw size={14} aria-hidden />
          Retry
        </Button>
      )}
    </div>
  );
}

/**
 * The same for a small part beside a panel that already gives the reason; here it is on hover, but for a limit, which
 * the panel may not have.
 */
export function SmallErrorState({
  error,
  onRetry,
  what,
  bounds,
  className,
}: ErrorStateProps & { what: string }) {
  const cost = costOf(error);
  if (cost) return <CostQuestion cost={cost} bounds={bounds} small className={className} />;
  const limited = error instanceof ApiError && error.code === "limit";
  return (
    <div
      title={errorText(error)}
      className={cx("flex flex-wrap items-center gap-2 text-meta text-muted", className)}
    >
      <span className="flex gap-2">
        <CircleAlert size={14} className="mt-0.5 shrink-0 text-error" aria-hidden />
        <span>
          {what} could not be loaded{limited ? `: ${errorText(error)}` : "."}
        </span>
      </span>
      <LongestRange error={error} bounds={bounds} />
      {!isFinal(error) && (
        <button
          type="button"
          onClick={onRetry}
          className="shrink-0 rounded-sm text-accent hover:underline pointer-coarse:h-10"
        >
          Retry
        </button>
      )}
    </div>
  );
}

/** Takes the longest range that Loki allows, where a longer one was refused. */
function LongestRange({ error, bounds }: Pick<ErrorStateProps, "error" | "bounds">) {
  const { view, setView } = useView();
  const anchor = useAnchor();
  const spanMs = rangeLimit(error);
  if (spanMs === null) return null;
  const { endMs } = bounds ?? anchor;
  const range = { kind: "absolute", startMs: endMs - spanMs, endMs } as const;
  return (
    <Button size="sm" onClick={() => setView({ ...view, range, tail: false, line: "" })}>
      Only its last {lastSpan(spanMs)}
    </Button>
  );
}

function costOf(error: unknown) {
  return error instanceof ApiError ? error.cost : null;
}

interface ErrorStateProps {
  error: unknown;
  /** The range that was asked for, if it is not the page's. */
  bounds?: { startMs: number; endMs: number } | undefined;
  onRetry: () => void;
  className?: string;
}

/** What a panel shows when there is nothing, and what to do about it. */
export function EmptyState({
  title,
  hint,
  actions,
  className,
}: {
  title: string;
  hint?: ReactNode;
  actions?: ReactNode;
  className?: string;
}) {
  return (
    <div className={cx("flex flex-col items-center justify-center gap-2 p-6 text-center", className)}>
      <Inbox size={20} className="text-muted" aria-hidden />
      <p className="font-semibold">{title}</p>
      {hint && <p className="max-w-prose text-muted">{hint}</p>}
      {actions && <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

/** A placeholder of the final size. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx("animate-pulse-soft rounded-sm bg-hover", className)} />;
}

/** Says, where it happens, that a result is partial, late or stale. */
export function Notice({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div role="status" className="flex items-center gap-2 bg-warn/10 px-4 py-1.5 text-meta">
      <TriangleAlert size={14} className="shrink-0 text-warn" aria-hidden />
      <span className="min-w-0">{children}</span>
      {action && <span className="ml-auto shrink-0">{action}</span>}
    </div>
  );
}
