import { useMemo } from "react";
import type { FrozenLines } from "../../api/types";
import { formatCount } from "../../lib/format";
import { narrowed } from "../../lib/frozen";
import { buildRows } from "../../lib/rows";
import { useIsNarrow } from "../../state/useMedia";
import { useView } from "../../state/useView";
import type { View } from "../../state/view";
import { useZone } from "../../state/zone";
import { Button } from "../../ui/Button";
import { EmptyState, Notice } from "../../ui/States";
import { ColumnHeads } from "../logs/ColumnHeads";
import { FilterChips } from "../logs/FilterChips";
import { VolumeChart } from "../logs/Histogram";
import { LineGrid } from "../logs/LineGrid";
import { SearchBox } from "../logs/SearchBox";
import { useLinked } from "../logs/useLinked";
import { WrapButton } from "../logs/WrapButton";

const LOADED = { isPending: false, isError: false, error: null };

/** Frozen lines with their counts; a word, a filter or a part of the chart narrows what is kept. */
export function FrozenLinesView({ frozen, view: then }: { frozen: FrozenLines; view: View }) {
  const { view, setView } = useView();
  const [zone] = useZone();
  const narrow = useIsNarrow();
  const [linked, noteOpen] = useLinked(view.line, (line) => setView({ ...view, line }, { replace: true }));
  const { entries, volume, warnings } = frozen;
  const left = useMemo(() => narrowed(entries, view, then), [entries, view, then]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: days begin with the zone
  const rows = useMemo(() => buildRows(left), [left, zone]);
  const reset = () => setView({ ...then, wrap: view.wrap, columns: view.columns });
  return (
    <div className="flex h-full flex-col">
      {warnings.length > 0 && <Notice>{warnings.join(" ")}</Notice>}
      <div className="flex items-center gap-1 px-2 py-2 md:px-4">
        <SearchBox placeholder="Search what is kept" />
        <WrapButton />
      </div>
      <FilterChips className="px-2 pb-2 md:px-4" />
      {volume && <VolumeChart volume={volume} by={then.by} query={LOADED} endMs={Date.parse(volume.end)} />}
      {left.length < entries.length && (
        <div role="status" className="flex items-center gap-3 px-4 py-1 text-meta text-muted">
          {formatCount(left.length)} of the {formatCount(entries.length)} lines that are kept
          <Button size="sm" look="quiet" onClick={reset}>
            Show all
          </Button>
        </div>
      )}
      {!narrow && <ColumnHeads />}
      {left.length === 0 ? (
        <EmptyState className="flex-1" title="No line that is kept fits" />
      ) : (
        <LineGrid key={linked} rows={rows} targetId={linked} onToggle={noteOpen} />
      )}
    </div>
  );
}
