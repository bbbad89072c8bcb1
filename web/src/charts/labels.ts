/** A label that stands left of `right`, at the height `y` of its middle. */
export interface Place {
  right: number;
  y: number;
}

/** An area of a plot, in its pixels. */
export interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * Places the labels of horizontal lines so that none covers another or what `taken` says is drawn: at the right edge
 * of the plot or left of it, on the line or, where that is full, a row beside it. A label without room is null.
 * Places are in the order given.
 */
export function placeLabels(
  labels: readonly { y: number; width: number }[],
  plot: Area,
  height: number,
  taken: (area: Area) => boolean = () => false,
): (Place | null)[] {
  const placed: Area[] = [];
  const places: (Place | null)[] = new Array(labels.length).fill(null);
  const order = labels.map((label, index) => ({ ...label, index })).sort((a, b) => a.y - b.y);
  for (const { y, width, index } of order) {
    const area = candidates(y, width, plot, height).find(
      (one) => !placed.some((other) => overlap(one, other)) && !taken(one),
    );
    if (!area) continue;
    placed.push(area);
    places[index] = { right: area.right, y: (area.top + area.bottom) / 2 };
  }
  return places;
}

/** Where a label may stand, the best first. */
function candidates(y: number, width: number, plot: Area, height: number): Area[] {
  const areas: Area[] = [];
  for (const middle of [y, y + height, y - height]) {
    const [top, bottom] = [middle - height / 2, middle + height / 2];
    // On its line a label may reach over the edge of the plot.
    if (middle !== y && (top < plot.top || bottom > plot.bottom)) continue;
    for (let right = plot.right; right - width >= plot.left; right -= height / 2)
      areas.push({ left: right - width, right, top, bottom });
  }
  return areas;
}

function overlap(a: Area, b: Area): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
