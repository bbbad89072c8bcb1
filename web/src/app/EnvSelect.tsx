import { ChevronDown } from "lucide-react";
import { useLabels } from "../api/queries";
import { formatShort } from "../lib/format";
import { useAnchor } from "../state/anchor";
import { onlyValues } from "../state/filters";
import { useView } from "../state/useView";
import { Button } from "../ui/Button";
import { lazily } from "../ui/lazily";
import { Later } from "./Later";

// Menus come after the first paint: until then the trigger stands alone.
const EnvMenu = lazily(() => import("./EnvMenu"));

const ALL = "";

/** Chooses the environment that every panel shows. */
export function EnvSelect() {
  const { view, setView } = useView();
  const anchor = useAnchor();
  const labels = useLabels(view, anchor);
  const chosen = view.filters.env.include;
  const known = labels.data?.labels.env ?? [];
  const counted = !labels.data?.uncounted.includes("env");
  const missing = chosen.filter((name) => known.every(({ value }) => value !== name));
  const options = [
    { value: ALL, label: "All environments" },
    ...known.map(({ value, count }) => ({ value, label: value, note: counted ? formatShort(count) : "" })),
    ...missing.map((value) => ({ value, label: value, note: "no lines" })),
  ];
  const choose = (value: string) => setView(onlyValues(view, "env", value === ALL ? [] : [value]));
  const trigger = (
    <Button look="plain" className="min-w-0" aria-label={`Environment: ${title(chosen)}`}>
      <span className="truncate">{title(chosen)}</span>
      <ChevronDown size={14} className="shrink-0 text-muted" aria-hidden />
    </Button>
  );
  return (
    <Later meanwhile={trigger}>
      <EnvMenu
        trigger={trigger}
        note={
          labels.isError
            ? "The list of environments could not be loaded. “Load the newest” beside it tries again."
            : ""
        }
        value={chosen.length === 1 ? (chosen[0] ?? ALL) : ALL}
        options={options}
        onChange={choose}
      />
    </Later>
  );
}

function title(chosen: readonly string[]): string {
  if (chosen.length === 0) return "All environments";
  return chosen.length === 1 ? (chosen[0] ?? "") : `${chosen.length} environments`;
}
