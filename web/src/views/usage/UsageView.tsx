import type { UsageResponse } from "../../api/types";
import { isBeingCounted, useUsage } from "../../api/usage";
import { formatMoment } from "../../lib/time";
import { moverWords, usageWords } from "../../lib/usage";
import { useAnchor } from "../../state/anchor";
import { clearEnv } from "../../state/filters";
import { useNow } from "../../state/useNow";
import { useView } from "../../state/useView";
import { USAGE_DAYS } from "../../state/view";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { Segmented } from "../../ui/Segmented";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../ui/States";
import { Days } from "./Days";
import { Exactness } from "./Exactness";
import { NoisyPatterns } from "./NoisyPatterns";
import { ServiceTable } from "./ServiceTable";

/** How much is logged, by whom, and how it grows. */
export default function UsageView() {
  const { view } = useView();
  const query = useUsage(view, useAnchor().now);
  const { data } = query;
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] gap-4 p-3 md:p-6">
        <Head data={data} failed={query.isError} />
        {query.isError && !data && (
          <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-48" />
        )}
        {query.isError && data && <Notice>{query.error.message} Showing what was loaded before.</Notice>}
        {!data && query.isPending && <Placeholder />}
        {data && (
          <div className="grid min-w-0 gap-4 aria-busy:opacity-60" aria-busy={query.isPlaceholderData}>
            <Counted data={data} />
          </div>
        )}
      </div>
    </div>
  );
}

/** The answer first, and what it is an answer to. */
function Head({ data, failed }: { data: UsageResponse | undefined; failed: boolean }) {
  const { view, setView } = useView();
  return (
    <div className="grid gap-3">
      <h1 data-usage={data?.total.bytes} className="min-h-7 text-value font-semibold sm:text-title">
        {data ? (
          headline(data, view.unit)
        ) : failed ? (
          "Not known"
        ) : (
          <Skeleton className="h-6 w-72 max-w-full" />
        )}
      </h1>
      <p className="min-h-5 text-muted">{data && moverWords(data, view.unit)}</p>
      <div className="flex flex-wrap items-center gap-2">
        <Segmented
          label="Days"
          value={String(view.days)}
          options={USAGE_DAYS.map((days) => ({ value: String(days), label: `${days} days` }))}
          onChange={(value) =>
            setView({ ...view, days: USAGE_DAYS.find((days) => String(days) === value) ?? 7 })
          }
        />
        <Segmented
          label="Told in"
          value={view.unit}
          options={[
            { value: "bytes", label: "Bytes" },
            { value: "lines", label: "Lines" },
          ]}
          onChange={(unit) => setView({ ...view, unit }, { replace: true })}
        />
        {data?.counted_at && <CountedAt at={data.counted_at} />}
      </div>
    </div>
  );
}

function headline(data: UsageResponse, unit: "bytes" | "lines"): string {
  if (data.total.lines > 0) return usageWords(data, unit);
  if (isBeingCounted(data)) return "The days are being counted";
  return data.counted_at === null ? "Nothing is counted yet" : `No line in ${data.days.length} days`;
}

function CountedAt({ at }: { at: string }) {
  const now = useNow();
  return <span className="text-meta text-muted">as counted at {formatMoment(Date.parse(at), now)}</span>;
}

function Counted({ data }: { data: UsageResponse }) {
  const { view, setView } = useView();
  const env = view.filters.env.include;
  if (data.total.lines === 0 && !isBeingCounted(data)) {
    return (
      <>
        {data.problem && <Problem data={data} />}
        <Panel title="By day">
          <EmptyState
            className="min-h-64"
            title={data.problem ? "Nothing is known of these days" : "Loki has no line of these days"}
            hint={
              env.length > 0
                ? `This is of ${env.join(", ")} alone.`
                : "What the collector reads is on its page /targets; Health says how it does."
            }
            actions={
              env.length > 0 && <Button onClick={() => setView(clearEnv(view))}>All environments</Button>
            }
          />
        </Panel>
      </>
    );
  }
  return (
    <>
      {data.problem && <Problem data={data} />}
      <Days data={data} />
      <ServiceTable data={data} />
      <NoisyPatterns data={data} />
      <Exactness />
    </>
  );
}

/** Why the newest is missing; the rest is shown as it was counted. */
function Problem({ data }: { data: UsageResponse }) {
  const { problem, counted_at } = data;
  const now = useNow();
  const sentence = problem.charAt(0).toUpperCase() + problem.slice(1);
  return (
    <Notice>
      {sentence}.{" "}
      {counted_at
        ? `Showing what was counted at ${formatMoment(Date.parse(counted_at), now)}.`
        : "It is tried every five minutes."}
    </Notice>
  );
}

function Placeholder() {
  return (
    <div aria-busy="true" className="grid gap-4">
      <Skeleton className="h-80 rounded-md" />
      <Skeleton className="h-64 rounded-md" />
      <Skeleton className="h-64 rounded-md" />
    </div>
  );
}
