import { EyeOff, Filter } from "lucide-react";
import { useSample } from "../../api/lines";
import { useRetry } from "../../api/queries";
import type { LinePattern, LogsSample } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { toLevel } from "../../lib/levels";
import { formatExact } from "../../lib/time";
import { useAnchor } from "../../state/anchor";
import { withPattern } from "../../state/filters";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { LevelBar, LevelTag } from "../../ui/LevelTag";
import { ErrorState, Notice } from "../../ui/States";
import { TemplateText } from "../../ui/TemplateText";
import { ListPlaceholder } from "./ListPlaceholder";
import { NoLines } from "./NoLines";

/** The messages of the view's newest lines, those that differ in values alone as one; each can be kept or left out. */
export default function PatternList() {
  const { view } = useView();
  const query = useSample(view, useAnchor());
  const retry = useRetry();
  const { data } = query;
  if (query.isError && !data) return <ErrorState error={query.error} onRetry={retry} className="h-full" />;
  if (!data) return <ListPlaceholder />;
  if (data.lines === 0) return <NoLines />;
  return (
    <div className="h-full overflow-y-auto aria-busy:opacity-60" aria-busy={query.isPlaceholderData}>
      {data.warnings.length > 0 && <Notice>{data.warnings.join(" ")}</Notice>}
      <p role="status" className="px-4 py-2 text-meta text-muted">
        {plural(data.patterns.length, "pattern")} {ofWhat(data)}
        {!data.pattern_filters &&
          " This Loki has no pattern filters (3.0 and later have): regular expressions find their lines, which takes longer."}
      </p>
      <ul aria-label="Patterns" className="border-t border-line">
        {data.patterns.map((pattern) => (
          <Pattern key={pattern.template} pattern={pattern} of={data.lines} />
        ))}
      </ul>
    </div>
  );
}

function ofWhat({ lines, complete, oldest }: LogsSample): string {
  if (complete) return `in all ${plural(lines, "line")} of this time.`;
  const since = oldest ? `, back to ${formatExact(Date.parse(oldest))}` : "";
  return `in a sample: the newest ${plural(lines, "line")}${since}.`;
}

function Pattern({ pattern, of }: { pattern: LinePattern; of: number }) {
  const { view, setView } = useView();
  const { template, filter, count, levels, services } = pattern;
  const [commonest] = Object.entries(levels).sort((a, b) => b[1] - a[1]);
  const level = toLevel(commonest?.[0]);
  const share = Math.round((count / of) * 100);
  const back = { ...view, show: "lines" } as const;
  return (
    <li
      data-pattern={template}
      className="flex flex-wrap items-stretch border-b border-line hover:bg-hover md:flex-nowrap"
    >
      <LevelBar level={level} />
      <span className="flex w-24 shrink-0 items-center justify-end gap-2 px-2 py-1.5 font-mono text-code">
        <span>{formatCount(count)}</span>
        <span className="w-9 text-right text-muted">{share < 1 ? "<1 %" : `${share} %`}</span>
      </span>
      <span className="flex w-8 shrink-0 items-center font-mono text-code">
        <LevelTag level={level} />
      </span>
      <span className="min-w-0 flex-1 basis-[calc(100%-9rem)] px-2 py-1.5 md:basis-0" title={pattern.example}>
        <span className="block font-mono text-code break-words" dir="auto">
          <TemplateText text={template} />
        </span>
        <span className="block text-meta text-muted">{Object.keys(services).filter(Boolean).join(", ")}</span>
      </span>
      <span className="ml-auto flex shrink-0 items-center gap-1 px-2">
        <Button
          size="sm"
          look="quiet"
          disabled={filter === ""}
          title={filter === "" ? NO_FILTER : "Only these lines"}
          onClick={() => setView(withPattern(back, filter, "include"))}
        >
          <Filter size={14} aria-hidden />
          Only
        </Button>
        <Button
          size="sm"
          look="quiet"
          disabled={filter === ""}
          title={filter === "" ? NO_FILTER : "Leave these lines out"}
          onClick={() => setView(withPattern(view, filter, "exclude"))}
        >
          <EyeOff size={14} aria-hidden />
          Hide
        </Button>
      </span>
    </li>
  );
}

const NO_FILTER = "No filter tells these lines from the others";
