import { Scissors } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import type { UsageAmount, UsagePattern, UsagePatterns, UsageResponse } from "../../api/types";
import { useUsagePatterns } from "../../api/usage";
import { LINES } from "../../app/routes";
import { plural } from "../../lib/format";
import { ERROR_LEVELS } from "../../lib/levels";
import { amountText, serviceName, shareText } from "../../lib/usage";
import { allLines, onlyValues, withTail } from "../../state/filters";
import { linkTo, useView } from "../../state/useView";
import { Button, buttonClass } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Panel } from "../../ui/Panel";
import { ScrollBox } from "../../ui/ScrollBox";
import { Segmented } from "../../ui/Segmented";
import { EmptyState, ErrorState, Skeleton } from "../../ui/States";
import { TemplateText } from "../../ui/TemplateText";

/** The patterns that make the most of it, in a sample, and how to have less of them. */
export function NoisyPatterns({ data }: { data: UsageResponse }) {
  const { view, setView } = useView();
  const query = useUsagePatterns(view, data.total.lines > 0);
  const [service] = view.filters.service.include;
  const of = service === undefined ? data.total : data.services.find((one) => one.service === service);
  const patterns = query.data;
  return (
    <Panel
      title={service === undefined ? "Noisiest patterns" : `Noisiest patterns of ${service}`}
      note={patterns && patterns.lines > 0 && sampleWords(patterns, view.days)}
      actions={
        service !== undefined && (
          <Button
            size="sm"
            look="quiet"
            onClick={() => setView(onlyValues(view, "service", []), { replace: true })}
          >
            All services
          </Button>
        )
      }
    >
      {query.isError && !patterns && (
        <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-48" />
      )}
      {!patterns && query.isPending && <Skeleton className="m-4 h-64" />}
      {patterns?.lines === 0 && (
        <EmptyState
          className="min-h-48"
          title="No line was found to tell patterns from"
          hint="Loki may have deleted the lines of these days, or have just got the first."
        />
      )}
      {patterns && patterns.lines > 0 && (
        <ul
          aria-label="Patterns"
          className="border-t border-line aria-busy:opacity-60"
          aria-busy={query.isPlaceholderData}
        >
          {patterns.patterns.map((pattern) => (
            <Pattern
              key={`${pattern.service} ${pattern.template}`}
              pattern={pattern}
              sample={patterns}
              of={of}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** Of longer ranges lines are read of the newest days alone. */
const SAMPLED_DAYS = 30;

function sampleWords({ lines, points }: UsagePatterns, days: number): string {
  const of = days > SAMPLED_DAYS ? ` of the last ${SAMPLED_DAYS} days` : "";
  return `in a sample of ${plural(lines, "line")} at ${plural(points, "point")} in time${of}; shares are estimates`;
}

function Pattern({
  pattern,
  sample,
  of,
}: {
  pattern: UsagePattern;
  sample: UsagePatterns;
  of: UsageAmount | undefined;
}) {
  const { view } = useView();
  const [open, setOpen] = useState(false);
  const { template, filter, service, level, bytes, lines, example, drop } = pattern;
  const about = of && amountText((bytes / sample.bytes) * of.bytes, "bytes");
  const found = {
    ...allLines(withTail(view, false)),
    patterns: filter === "" ? [] : [filter],
    range: { kind: "relative", spanMs: view.days * 86_400_000 },
  } as const;
  return (
    <li data-noise={template} className="border-b border-line last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 md:flex-nowrap">
        <span className="w-full min-w-0 md:order-2 md:flex-1" title={example}>
          <span className="line-clamp-3 font-mono text-code break-words" dir="auto">
            <TemplateText text={template} />
          </span>
          <span className="block text-meta text-muted">
            {[serviceName(service), level].filter(Boolean).join(" · ")}
          </span>
        </span>
        <span className="grid shrink-0 text-meta md:order-1 md:w-48">
          <span className="text-body font-semibold">{shareText(bytes, sample.bytes)} of bytes</span>
          <span className="text-muted">
            {shareText(lines, sample.lines)} of lines{about && ` · ≈ ${about}`}
          </span>
        </span>
        <span className="ml-auto flex shrink-0 items-center gap-1 md:order-3">
          {filter !== "" && (
            <Link
              href={linkTo(LINES.path, service === "" ? found : onlyValues(found, "service", [service]))}
              className={buttonClass("quiet", "sm")}
              title="These lines"
            >
              Lines
            </Link>
          )}
          {drop !== "" && (
            <Button size="sm" look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
              <Scissors size={14} aria-hidden />
              Have less
            </Button>
          )}
        </span>
      </div>
      {open && <Snippet pattern={pattern} />}
    </li>
  );
}

type Way = "thin" | "drop";

function isError(level: string): boolean {
  return ERROR_LEVELS.some((one) => one === level);
}

/** What makes the collector send fewer of these lines. */
function Snippet({ pattern }: { pattern: UsagePattern }) {
  const [way, setWay] = useState<Way>("thin");
  const text = pattern[way];
  return (
    <div className="grid gap-2 bg-bg px-4 pt-2 pb-3">
      <div className="flex flex-wrap items-center gap-2">
        <Segmented
          label="How"
          value={way}
          options={[
            { value: "thin", label: "Keep one in ten" },
            { value: "drop", label: "Drop all" },
          ]}
          onChange={setWay}
        />
        <CopyButton label="Copy" words text={text} />
      </div>
      <ScrollBox
        label="Stage for the collector"
        className="overflow-x-auto rounded-md border border-line bg-panel p-3"
      >
        <pre className="font-mono text-code" dir="ltr">
          {text}
        </pre>
      </ScrollBox>
      <p className="max-w-prose text-meta text-muted">
        For <code>pipeline_stages</code> of the job that reads {pattern.service}, behind the stages that set{" "}
        <code>service</code> and <code>level</code>. The collector counts what it drops under the reason{" "}
        <code>noise</code>. Less is logged where it is written: a level in the service itself costs nothing at
        all.
      </p>
      {isError(pattern.level) && (
        <p className="max-w-prose text-meta text-warn">
          These are errors: what the collector drops is in no issue and no alert.
        </p>
      )}
    </div>
  );
}
