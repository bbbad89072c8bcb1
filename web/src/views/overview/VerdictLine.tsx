import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { HealthResponse, Verdict } from "../../api/types";
import { UNKNOWN_HEALTH } from "../../lib/headline";
import { earliestOf } from "../../lib/health";
import { cx } from "../../ui/cx";
import { Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { VerdictMark } from "../../ui/Verdict";
import { Since } from "../health/Since";

/** The answer first: the worst verdict in words, since when and what is not known. */
export function VerdictLine({ health }: { health: UseQueryResult<HealthResponse> }) {
  const { data, isError } = health;
  const verdict = data?.verdict ?? (isError ? "no_data" : undefined);
  return (
    <div className={cx("grid content-start gap-0.5", !verdict && "max-sm:min-h-36")} data-verdict={verdict}>
      <Headline verdict={verdict}>{data?.summary ?? UNKNOWN_HEALTH}</Headline>
      <p className="flex flex-wrap gap-x-4 text-muted">{data && <HealthFacts health={data} />}</p>
    </div>
  );
}

/** A verdict in words with its mark; a skeleton as long as there is none. */
export function Headline({ verdict, children }: { verdict: Verdict | undefined; children: ReactNode }) {
  return (
    <h1 className="flex min-h-7 wrap-anywhere items-start gap-2.5 text-value font-semibold sm:text-title">
      {verdict ? (
        <>
          <span className="mt-[5px] sm:mt-[7px]">
            <VerdictMark verdict={verdict} size={14} />
          </span>
          <span className="min-w-0">{children}</span>
        </>
      ) : (
        <Skeleton className="h-6 w-64" />
      )}
    </h1>
  );
}

/** Since when the worst verdict of health holds, what is not known, and how old that is. */
export function HealthFacts({ health }: { health: HealthResponse }) {
  const worst = earliestOf(health);
  return (
    <>
      {worst && <Since of={worst} />}
      {health.detail && <span>{health.detail}</span>}
      <span>
        Checked <TimeAgo ms={Date.parse(health.checked_at)} />
      </span>
    </>
  );
}
