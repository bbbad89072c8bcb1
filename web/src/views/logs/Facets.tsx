import { type Bounds, useLabels, useRetry } from "../../api/queries";
import { useView } from "../../state/useView";
import { FACETS } from "../../state/view";
import { Notice, Skeleton, SmallErrorState } from "../../ui/States";
import { FacetGroup } from "./FacetGroup";
import { FieldFacets } from "./FieldFacets";

/** Values of each facet with their number of lines; a click filters in, Alt-click out. */
export function Facets({ bounds }: { bounds: Bounds }) {
  const { view } = useView();
  const { data, isError, error, isPlaceholderData } = useLabels(view, bounds);
  const retry = useRetry();
  if (isError && !data)
    return <SmallErrorState what="The filters" error={error} onRetry={retry} className="p-1" />;
  if (!data) return <Placeholder />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3 aria-busy:opacity-60" aria-busy={isPlaceholderData}>
      {data.partial && <Notice>{data.warnings.join(" ") || "Some values are missing."}</Notice>}
      {FACETS.map((facet) => (
        <FacetGroup
          key={facet}
          facet={facet}
          values={data.labels[facet]}
          counted={!data.uncounted.includes(facet)}
        />
      ))}
      <FieldFacets bounds={bounds} />
    </div>
  );
}

function Placeholder() {
  return (
    <div className="grid gap-2 p-1">
      {Array.from({ length: 12 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
        <Skeleton key={index} className="h-6" />
      ))}
    </div>
  );
}
