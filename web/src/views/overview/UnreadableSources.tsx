import type { Unreadable } from "../../api/types";
import { plural } from "../../lib/format";
import { CopyButton } from "../../ui/CopyButton";
import { VerdictMark } from "../../ui/Verdict";

/** Names each source that the collector may not read, with the command that opens it. */
export function UnreadableSources({ sources }: { sources: readonly Unreadable[] }) {
  if (sources.length === 0) return null;
  return (
    <section
      aria-label="Unreadable sources"
      className="overflow-hidden rounded-md border border-warn/50 bg-panel"
    >
      <details open={sources.length <= 3}>
        <summary className="flex min-h-9 cursor-pointer items-center gap-2 bg-warn/8 px-4 py-1.5">
          <VerdictMark verdict="warning" />
          <span className="font-semibold">
            {plural(sources.length, "source is", "sources are")} not collected, because the collector may not
            read {sources.length === 1 ? "it" : "them"}
          </span>
        </summary>
        <ul>
          {sources.map((source) => (
            <li
              key={`${source.job} ${source.path}`}
              className="grid items-center gap-x-4 gap-y-1 border-t border-line px-4 py-1.5 lg:grid-cols-2"
            >
              <p>
                <span className="font-mono text-code">{source.path}</span>{" "}
                <span className="text-muted">
                  · {source.job} · user {source.user || "unknown"}: {source.reason}
                </span>
              </p>
              {source.remedy && <Command text={source.remedy} />}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

function Command({ text }: { text: string }) {
  return (
    <div className="flex min-w-0 items-center gap-2 rounded-md bg-hover px-2 py-0.5">
      <span aria-hidden className="font-mono text-code text-muted select-none">
        $
      </span>
      <code className="min-w-0 flex-1 font-mono text-code">{text}</code>
      <CopyButton label="Copy the command" text={text} />
    </div>
  );
}
