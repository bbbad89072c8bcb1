import type { Entry } from "../api/types";
import { stripAnsi } from "../lib/ansi";
import { parseRecord, recordMessage, recordTraceback } from "../lib/message";
import { splitTraceback } from "../lib/traceback";
import { useView } from "../state/useView";
import { LogText } from "../ui/LogText";
import { TraceView } from "./TraceView";

const TEXT = "font-mono text-code whitespace-pre-wrap";

/** The text of a line: a record's message first, tracebacks as code; or exactly as it came. */
export function MessageText({ entry, raw }: { entry: Entry; raw: boolean }) {
  const { view } = useView();
  if (raw) {
    return (
      <pre className={TEXT} dir="auto">
        {stripAnsi(entry.line)}
      </pre>
    );
  }
  const record = parseRecord(entry.line);
  const text = record ? (recordMessage(record) ?? entry.line) : entry.line;
  const trace = splitTraceback(stripAnsi((record && recordTraceback(record)) ?? text));
  const before = record || !trace ? text : trace.before;
  return (
    <>
      {before !== "" && (
        <pre className={TEXT} dir="auto">
          <LogText text={before} hits={view.q} />
        </pre>
      )}
      {trace && <TraceView trace={trace.trace} spaced={before !== ""} />}
    </>
  );
}
