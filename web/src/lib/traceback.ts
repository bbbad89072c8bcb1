/** One line of a Python traceback, by its role. */
export type TraceLine =
  | { kind: "frame"; file: string; line: string; func: string; library: boolean }
  | { kind: "code"; text: string; library: boolean }
  | { kind: "marker"; text: string }
  | { kind: "head"; text: string }
  | { kind: "chain"; text: string }
  | { kind: "exception"; type: string; message: string }
  | { kind: "text"; text: string };

export interface SplitTrace {
  /** What stands before the traceback: the record's own text. */
  before: string;
  trace: TraceLine[];
}

const HEAD = /^\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):/;
const FRAME = /^\s*File "(.+?)", line (\d+)(?:, in (.+))?$/;
const MARKER = /^[\s~^]*[~^][\s~^]*$/;
const CHAIN = /^(The above exception was|During handling of the above)/;
const EXCEPTION = /^((?:[\w]+\.)*[A-Za-z_]\w*)(?::\s?(.*))?$/;
const LIBRARY = /(?:site-packages|dist-packages|\/lib\/python\d|^<frozen )/;

/** Splits a text at its first Python traceback; null when it has none. */
export function splitTraceback(text: string): SplitTrace | null {
  const lines = text.replace(/\n+$/, "").split("\n");
  const start = lines.findIndex((line) => HEAD.test(line));
  if (start < 0) return null;
  return { before: lines.slice(0, start).join("\n"), trace: parseTrace(lines.slice(start)) };
}

function parseTrace(lines: readonly string[]): TraceLine[] {
  let library = false;
  let inFrames = false;
  return lines.map((line): TraceLine => {
    if (HEAD.test(line)) {
      inFrames = true;
      return { kind: "head", text: line };
    }
    const frame = FRAME.exec(line);
    if (frame) {
      library = LIBRARY.test(frame[1] ?? "");
      return { kind: "frame", file: frame[1] ?? "", line: frame[2] ?? "", func: frame[3] ?? "", library };
    }
    if (inFrames && MARKER.test(line) && line.trim() !== "") return { kind: "marker", text: line };
    if (inFrames && /^\s/.test(line)) return { kind: "code", text: line, library };
    if (CHAIN.test(line)) return { kind: "chain", text: line };
    const exception = inFrames ? EXCEPTION.exec(line) : null;
    if (exception) {
      inFrames = false;
      return { kind: "exception", type: exception[1] ?? "", message: exception[2] ?? "" };
    }
    return { kind: "text", text: line };
  });
}
