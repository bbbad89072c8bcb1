import { WrapText } from "lucide-react";
import { useView } from "../../state/useView";
import { IconButton } from "../../ui/Button";

/** Cuts long lines, or wraps them. */
export function WrapButton() {
  const { view, setView } = useView();
  return (
    <IconButton
      label={view.wrap ? "Long lines are wrapped; cut them" : "Long lines are cut; wrap them"}
      aria-pressed={view.wrap}
      onClick={() => setView({ ...view, wrap: !view.wrap }, { replace: true })}
    >
      <WrapText size={16} aria-hidden />
    </IconButton>
  );
}
