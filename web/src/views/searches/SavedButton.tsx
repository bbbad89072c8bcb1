import { Star } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { IconButton } from "../../ui/Button";

const SearchesDialog = lazy(() => import("./SearchesDialog"));

/** Opens the saved searches, to which the one at hand can be added. */
export function SavedButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton label="Saved searches" onClick={() => setOpen(true)}>
        <Star size={16} aria-hidden />
      </IconButton>
      <Suspense>{open && <SearchesDialog onClose={() => setOpen(false)} />}</Suspense>
    </>
  );
}
