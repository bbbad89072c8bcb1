import { type ComponentType, createContext, useContext } from "react";
import type { TraceLine } from "../lib/traceback";
import { cx } from "../ui/cx";

/** What the function of a frame leads to; null for nothing. */
export const FrameLinkContext = createContext<ComponentType<{ func: string }> | null>(null);

/** One line of a traceback, coloured by its role. */
export function TraceLineText({ line }: { line: TraceLine }) {
  switch (line.kind) {
    case "frame":
      return <Frame {...line} />;
    case "code":
      return <span className={cx(line.library && "text-muted")}>{line.text}</span>;
    case "marker":
      return <span className="text-error">{line.text}</span>;
    case "exception":
      return (
        <span className="text-error">
          <span className="font-semibold">{line.type}</span>
          {line.message && `: ${line.message}`}
        </span>
      );
    case "head":
      return <span className="text-muted">{line.text}</span>;
    case "chain":
      return <span className="text-muted italic">{line.text}</span>;
    case "text":
      return <span>{line.text || "\u00a0"}</span>;
  }
}

function Frame({
  file,
  line,
  func,
  library,
}: {
  file: string;
  line: string;
  func: string;
  library: boolean;
}) {
  const FrameLink = useContext(FrameLinkContext);
  return (
    <span className="text-muted">
      {'  File "'}
      <span className={cx(!library && "text-text")}>{file}</span>
      {'", line '}
      <span className={cx(!library && "text-text")}>{line}</span>
      {func && (
        <>
          {", in "}
          <span className={cx(!library && "font-semibold text-accent")}>
            {FrameLink ? <FrameLink func={func} /> : func}
          </span>
        </>
      )}
    </span>
  );
}
