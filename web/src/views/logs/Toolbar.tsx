import { ArrowDownWideNarrow, ArrowUpNarrowWide, Group } from "lucide-react";
import type { Bounds } from "../../api/queries";
import { Later } from "../../app/Later";
import { withTail } from "../../state/filters";
import { useView } from "../../state/useView";
import { isMetric } from "../../state/view";
import { IconButton } from "../../ui/Button";
import { lazily } from "../../ui/lazily";
import { SavedButton } from "../searches/SavedButton";
import { FacetButton } from "./FacetButton";
import { LiveSwitch } from "./LiveSwitch";
import { SearchBox } from "./SearchBox";
import { WrapButton } from "./WrapButton";

const ExportMenu = lazily(() => import("./ExportMenu"));

/** Search, and how the list is shown. */
export function Toolbar({ bounds, narrow }: { bounds: Bounds; narrow: boolean }) {
  const { view, setView } = useView();
  const values = isMetric(view.query);
  return (
    <div className="flex flex-wrap items-center justify-end gap-1 px-2 py-2 md:px-4">
      <SearchBox
        logql={bounds}
        placeholder="Search the lines, or LogQL: {service=&quot;backend&quot;} |= &quot;timeout&quot;"
      />
      {narrow && !values && <FacetButton bounds={bounds} />}
      <SavedButton />
      {!values && <ListButtons bounds={bounds} narrow={narrow} />}
      <LiveSwitch
        on={view.tail}
        refused={values ? "A metric query has values and no lines to follow" : ""}
        onChange={(on) => setView(withTail(view, on))}
      />
    </div>
  );
}

/** How the lines are listed, and their export. */
function ListButtons({ bounds, narrow }: { bounds: Bounds; narrow: boolean }) {
  const { view, setView } = useView();
  const newest = view.order === "newest";
  return (
    <>
      {!view.tail && (
        <IconButton
          label={view.show === "patterns" ? "Show the lines" : "Show the patterns of the lines"}
          aria-pressed={view.show === "patterns"}
          onClick={() => setView({ ...view, show: view.show === "patterns" ? "lines" : "patterns" })}
        >
          <Group size={16} aria-hidden />
        </IconButton>
      )}
      {!view.tail && !narrow && (
        <IconButton
          label={newest ? "Newest first; show oldest first" : "Oldest first; show newest first"}
          onClick={() => setView({ ...view, order: newest ? "oldest" : "newest" }, { replace: true })}
        >
          {newest ? (
            <ArrowDownWideNarrow size={16} aria-hidden />
          ) : (
            <ArrowUpNarrowWide size={16} aria-hidden />
          )}
        </IconButton>
      )}
      <WrapButton />
      {!view.tail && !narrow && (
        <Later meanwhile={<span className="size-8" />}>
          <ExportMenu bounds={bounds} />
        </Later>
      )}
    </>
  );
}
