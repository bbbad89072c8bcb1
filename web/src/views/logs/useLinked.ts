import { useState } from "react";

/**
 * The line that the address pointed at when it was followed, and how to note which line the reader has opened since:
 * the address names that too, but the list stays where it is. In another list that line is looked for.
 */
export function useLinked(line: string, setLine: (line: string) => void, list = "") {
  const [known, setKnown] = useState({ list, line, linked: line });
  const isKnown = list === known.list && line === known.line;
  if (!isKnown) setKnown({ list, line, linked: line });
  const note = (next: string) => {
    setKnown({ ...known, line: next });
    setLine(next);
  };
  const onToggle = (key: string, open: boolean) => (open || key === line) && note(open ? key : "");
  return [isKnown ? known.linked : line, onToggle] as const;
}
