import { type ReactNode, useState } from "react";
import { useQuiet } from "../api/order";
import { Meanwhile } from "../ui/lazily";
import { OpenAtOnce } from "../ui/openAtOnce";

/**
 * Shows what nobody uses at once, such as a menu, after what the view is for has been loaded; until then what stands for
 * it. Who clicks that has it loaded and opened.
 */
export function Later({ children, meanwhile }: { children: ReactNode; meanwhile: ReactNode }) {
  const quiet = useQuiet();
  const [asked, setAsked] = useState(false);
  const stand = (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: the button in it is what is clicked
    <span className="contents" onClick={() => setAsked(true)}>
      {meanwhile}
    </span>
  );
  if (!quiet && !asked) return stand;
  return (
    <Meanwhile value={stand}>
      <OpenAtOnce value={asked}>{children}</OpenAtOnce>
    </Meanwhile>
  );
}
