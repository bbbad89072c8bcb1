import { describe, expect, it } from "vitest";
import { type Area, placeLabels } from "./labels";

const PLOT: Area = { left: 0, right: 100, top: 0, bottom: 100 };
const at = (...ys: number[]) => ys.map((y) => ({ y, width: 40 }));

describe("placeLabels", () => {
  it("leaves labels of lines that are apart at the edge", () => {
    expect(placeLabels(at(50, 10), PLOT, 14)).toEqual([
      { right: 100, y: 50 },
      { right: 100, y: 10 },
    ]);
  });

  it("puts labels of lines that are close beside each other, then a row below, and leaves out what has no room", () => {
    expect(placeLabels(at(10, 12, 14, 16, 18), PLOT, 14)).toEqual([
      { right: 100, y: 10 },
      { right: 58, y: 12 },
      { right: 100, y: 28 },
      { right: 58, y: 30 },
      null,
    ]);
  });

  it("goes out of the way of what is drawn", () => {
    // Data on the right half, at the height of the label.
    const right = (area: Area) => area.right > 50 && area.top < 55 && area.bottom > 45;
    expect(placeLabels(at(50), PLOT, 10, right)).toEqual([{ right: 50, y: 50 }]);
    // Data all along.
    const along = (area: Area) => area.top < 52 && area.bottom > 50;
    expect(placeLabels(at(50), PLOT, 10, along)).toEqual([{ right: 100, y: 60 }]);
    expect(placeLabels(at(50), { ...PLOT, bottom: 55 }, 10, along)).toEqual([{ right: 100, y: 40 }]);
    expect(placeLabels(at(50), PLOT, 10, () => true)).toEqual([null]);
  });
});
