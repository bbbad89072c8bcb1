import { useState } from "react";

/**
 * The line that the address pointed at when it was followed, and how to note which line the reader has opened since:
 * the address names that too, but the list stays where it is.
 */
export function useLinked(line: string, setLine: (line: string) => void) {
  const [known, setKnown] = useState({ line, linked: line });
  if (line !== known.line) setKnown({ line, linked: line });
  const note = (next: string) => {
    setKnown({ ...known, line: next });
    setLine(next);
  };
  const onToggle = (key: string, open: boolean) => (open || key === line) && note(open ? key : "");
  return [line === known.line ? known.linked : line, onToggle] as const;
}
