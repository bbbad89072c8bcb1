import { type ReactNode, Suspense } from "react";
import { useQuiet } from "../api/order";

/** Shows what nobody uses at once, such as a menu, after what the view is for has been loaded; until then what stands for it. */
export function Later({ children, meanwhile }: { children: ReactNode; meanwhile: ReactNode }) {
  return useQuiet() ? <Suspense fallback={meanwhile}>{children}</Suspense> : meanwhile;
}
