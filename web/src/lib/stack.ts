import type { TraceLine } from "./traceback";

export type FrameLine = Extract<TraceLine, { kind: "frame" }>;

/** A frame with the lines of source and markers below it. */
export interface StackFrame {
  frame: FrameLine;
  below: readonly TraceLine[];
}

/** Frames that follow each other and are all own, or all of libraries. */
export interface FrameGroup {
  own: boolean;
  /** The libraries, in the order of their frames; empty for own frames. */
  libraries: readonly string[];
  frames: readonly StackFrame[];
}

export type Relation = "raised" | "caused by" | "raised while handling";

/** One exception of a chain. */
export interface Raised {
  /** How it came to the exception before it in the list. */
  relation: Relation;
  type: string;
  message: string;
  /** Further lines of the message. */
  more: string;
  groups: readonly FrameGroup[];
}

const DIRECT = /^The above exception was/;
/** Exception groups are trees, drawn with these. */
const TREE = /^\s*[|+]/;

/** The exceptions of a traceback, the last one first; null when it cannot be read as a chain. */
export function readStack(trace: readonly TraceLine[]): Raised[] | null {
  if (trace.some((line) => "text" in line && TREE.test(line.text))) return null;
  const chain = splitChain(trace);
  const stack = chain.map(({ lines }, index): Raised => readRaised(lines, chain[index]?.follows ?? "raised"));
  return stack.some(({ type, groups }) => type === "" || groups.length === 0) ? null : stack.reverse();
}

/** True if the frames of libraries are to be folded: where there are own frames to look at. */
export function hasOwnFrames(stack: readonly Raised[]): boolean {
  return stack.some(({ groups }) => groups.some(({ own }) => own));
}

/** "6 frames of sqlalchemy", "9 frames of flask, werkzeug and 2 more". */
export function foldWords({ frames, libraries }: FrameGroup): string {
  const count = frames.length === 1 ? "1 frame" : `${frames.length} frames`;
  const [last] = libraries.slice(-1);
  const names =
    libraries.length > 3
      ? `${libraries.slice(0, 2).join(", ")} and ${libraries.length - 2} more`
      : [libraries.slice(0, -1).join(", "), last].filter(Boolean).join(" and ");
  return `${count} of ${names}`;
}

/** The library that a file belongs to: "sqlalchemy", or "Python" for its own. */
export function libraryOf(file: string): string {
  const installed = /(?:site|dist)-packages\/([^/]+?)(?:\.py)?(?:\/|$)/.exec(file);
  return installed?.[1] ?? "Python";
}

interface Link {
  lines: TraceLine[];
  /** How the exception that follows in the text, and goes before in the list, came of this one. */
  follows: Relation;
}

function splitChain(trace: readonly TraceLine[]): Link[] {
  const chain: Link[] = [{ lines: [], follows: "raised" }];
  for (const line of trace) {
    const last = chain.at(-1) as Link;
    if (line.kind !== "chain") {
      last.lines.push(line);
      continue;
    }
    last.follows = DIRECT.test(line.text) ? "caused by" : "raised while handling";
    chain.push({ lines: [], follows: "raised" });
  }
  return chain;
}

function readRaised(lines: readonly TraceLine[], relation: Relation): Raised {
  const frames: { frame: FrameLine; below: TraceLine[] }[] = [];
  const more: string[] = [];
  let raised = { type: "", message: "" };
  for (const line of lines) {
    if (line.kind === "frame") frames.push({ frame: line, below: [] });
    else if (line.kind === "exception") raised = { type: line.type, message: line.message };
    else if (line.kind === "code" || line.kind === "marker") frames.at(-1)?.below.push(line);
    else if (line.kind === "text") more.push(line.text);
  }
  return { relation, ...raised, more: more.join("\n").trim(), groups: groupFrames(frames) };
}

function groupFrames(frames: readonly StackFrame[]): FrameGroup[] {
  const groups: { own: boolean; libraries: string[]; frames: StackFrame[] }[] = [];
  for (const one of frames) {
    const own = !one.frame.library;
    let group = groups.at(-1);
    if (group?.own !== own) {
      group = { own, libraries: [], frames: [] };
      groups.push(group);
    }
    group.frames.push(one);
    const library = libraryOf(one.frame.file);
    if (!own && !group.libraries.includes(library)) group.libraries.push(library);
  }
  return groups;
}
