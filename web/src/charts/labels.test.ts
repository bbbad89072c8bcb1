import { describe, expect, it } from "vitest";
import { placeLabels } from "./labels";

const PLOT = { left: 0, right: 100 };

describe("placeLabels", () => {
  it("leaves labels of lines that are apart at the edge", () => {
    const places = placeLabels(
      [
        { y: 50, width: 30 },
        { y: 10, width: 30 },
      ],
      PLOT,
      14,
    );
    expect(places).toEqual([
      { right: 100, y: 50 },
      { right: 100, y: 10 },
    ]);
  });

  it("puts labels of lines that are close in one row, and in the next where the plot is too narrow", () => {
    const places = placeLabels(
      [10, 15, 20, 12].map((y) => ({ y, width: 40 })),
      PLOT,
      14,
    );
    expect(places).toEqual([
      { right: 100, y: 10 },
      { right: 100, y: 24 },
      { right: 60, y: 24 },
      { right: 60, y: 10 },
    ]);
  });

  it("shows a label that is wider than the plot", () => {
    expect(placeLabels([{ y: 10, width: 140 }], PLOT, 14)).toEqual([{ right: 100, y: 10 }]);
  });
});
