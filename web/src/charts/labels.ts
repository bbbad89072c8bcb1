/** A label that stands left of `right`, at the height `y` of its middle. */
export interface Place {
  right: number;
  y: number;
}

/**
 * Places the labels of lines at the right edge of a plot so that none covers another: labels of lines that are close
 * stand in one row beside each other, and in rows below where the plot is too narrow. Places are in the order given.
 */
export function placeLabels(
  labels: readonly { y: number; width: number }[],
  { left, right }: { left: number; right: number },
  height: number,
): Place[] {
  const rows: Place[] = []; // y of a row, and where its next label ends
  const places: Place[] = new Array(labels.length);
  const order = labels.map((label, index) => ({ ...label, index })).sort((a, b) => a.y - b.y);
  for (const { width, index, ...label } of order) {
    let y = label.y;
    const near = () => rows.find((row) => Math.abs(row.y - y) < height);
    let row = near();
    while (row && row.right - width < left) {
      y = row.y + height;
      row = near();
    }
    if (!row) {
      row = { y, right };
      rows.push(row);
    }
    places[index] = { ...row };
    row.right -= width;
  }
  return places;
}
