import { Star } from "lucide-react";
import { useState } from "react";
import { IconButton } from "../../ui/Button";
import { lazily, Meanwhile } from "../../ui/lazily";

const SearchesDialog = lazily(() => import("./SearchesDialog"));

/** Opens the saved searches, to which the one at hand can be added. */
export function SavedButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton label="Saved searches" onClick={() => setOpen(true)}>
        <Star size={16} aria-hidden />
      </IconButton>
      <Meanwhile value={null}>{open && <SearchesDialog onClose={() => setOpen(false)} />}</Meanwhile>
    </>
  );
}
