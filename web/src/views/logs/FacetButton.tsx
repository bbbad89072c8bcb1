import { SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import type { Bounds } from "../../api/queries";
import { countFilters } from "../../state/filters";
import { useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";
import { Facets } from "./Facets";

/** Opens the facets on narrow screens, and says how many filters are in force. */
export function FacetButton({ bounds }: { bounds: Bounds }) {
  const { view } = useView();
  const [open, setOpen] = useState(false);
  const count = countFilters(view);
  return (
    <>
      <Button
        size="sm"
        className="ml-1"
        aria-label={`Filters, ${count} in force`}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <SlidersHorizontal size={16} aria-hidden />
        {count > 0 && <span className="font-semibold text-accent">{count}</span>}
      </Button>
      {open && (
        <Modal title="Filters" place="bottom" onClose={() => setOpen(false)}>
          <Facets bounds={bounds} />
        </Modal>
      )}
    </>
  );
}
