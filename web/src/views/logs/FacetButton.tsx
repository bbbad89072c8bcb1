import { SlidersHorizontal } from "lucide-react";
import { lazy, Suspense } from "react";
import type { Bounds } from "../../api/queries";
import { countFilters } from "../../state/filters";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";

const FacetSheet = lazy(() => import("./FacetSheet"));

/** Opens the facets on narrow screens, and says how many filters are in force. */
export function FacetButton({ bounds }: { bounds: Bounds }) {
  const { view } = useView();
  const count = countFilters(view);
  const trigger = (
    <Button size="sm" className="ml-1" aria-label={`Filters, ${count} in force`}>
      <SlidersHorizontal size={16} aria-hidden />
      {count > 0 && <span className="font-semibold text-accent">{count}</span>}
    </Button>
  );
  return (
    <Suspense fallback={trigger}>
      <FacetSheet trigger={trigger} bounds={bounds} />
    </Suspense>
  );
}
