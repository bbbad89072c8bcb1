import type { Bounds } from "../../api/queries";
import { useAnchor } from "../../state/anchor";
import { useIsNarrow } from "../../state/useMedia";
import { useNow } from "../../state/useNow";
import { useView } from "../../state/useView";
import { isMetric, rangeBounds } from "../../state/view";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { lazily, Meanwhile } from "../../ui/lazily";
import { Facets } from "./Facets";
import { FilterChips } from "./FilterChips";
import { Histogram } from "./Histogram";
import { ListPlaceholder } from "./ListPlaceholder";
import { SearchList } from "./SearchList";
import { TailList } from "./TailList";
import { Toolbar } from "./Toolbar";

const TAIL_REFRESH_MS = 10_000;

const PatternList = lazily(() => import("./PatternList"));
const MetricView = lazily(() => import("./MetricView"));

/** Lines by filters and text: facets, histogram, the list, and its live tail. Or what a metric query gives. */
export default function LogsView() {
  const { view } = useView();
  const anchor = useAnchor();
  const narrow = useIsNarrow();
  const now = useNow(TAIL_REFRESH_MS);
  const bounds = view.tail ? rangeBounds(view.range, Math.max(now, anchor.now)) : anchor;
  return (
    <div className="flex h-full flex-col">
      <h1 className="sr-only">Logs</h1>
      <Toolbar bounds={bounds} narrow={narrow} />
      <FilterChips className="px-2 pb-2 md:px-4" />
      {isMetric(view.query) ? (
        <ErrorBoundary name="What the query gives">
          <MetricView bounds={bounds} narrow={narrow} />
        </ErrorBoundary>
      ) : (
        <Lines bounds={bounds} narrow={narrow} />
      )}
    </div>
  );
}

function Lines({ bounds, narrow }: { bounds: Bounds; narrow: boolean }) {
  return (
    <>
      <Histogram bounds={bounds} />
      <div className="flex min-h-0 flex-1">
        {!narrow && (
          <aside aria-label="Filters" className="w-56 shrink-0 overflow-y-auto border-r border-line p-2">
            <Facets bounds={bounds} />
          </aside>
        )}
        <div className="min-w-0 flex-1">
          <ErrorBoundary name="The list of lines">
            <Meanwhile value={<ListPlaceholder />}>
              <List />
            </Meanwhile>
          </ErrorBoundary>
        </div>
      </div>
    </>
  );
}

function List() {
  const { view } = useView();
  if (view.tail) return <TailList />;
  return view.show === "patterns" ? <PatternList /> : <SearchList />;
}
