import { describe, expect, it } from "vitest";
import { wantsMore } from "./options";
import { outerPlace } from "./outer";

/** The place in words, with the text that an option replaces or the log query that goes on. */
function placed(before: string): string {
  const place = outerPlace(before);
  if (!place) return "nothing";
  return `${place.kind} [${before.slice(place.kind === "log" ? place.start : place.from)}]`;
}

it.each([
  ["{", true],
  ['{service="a"} | ', true],
  ['{service="a"}', false],
  ['{service="a"} |= "x" ', false],
  ['rate({service="a"}[', true],
  ['sum(rate({service="a"}[5m]))', false],
  ['rate({service="a"}', false],
])("%s wants more: %s", (before, want) => {
  expect(wantsMore(before)).toBe(want);
});

describe("the place around log queries", () => {
  it.each([
    ["", "function []"],
    ["ra", "function [ra]"],
    ["sum", "function [sum]"],
    ["sum ", "grouping []"],
    ["sum b", "grouping [b]"],
    ["sum by (", "groupLabel []"],
    ["sum by (level, ser", "groupLabel [ser]"],
    ["sum by (level) (ra", "function [ra]"],
    ["topk(5, su", "function [su]"],
    ["rate({", "log [{]"],
    ['rate({a="b"} |= "x" | json', 'log [{a="b"} |= "x" | json]'],
    ['rate({a="b"} | json | (x > 5 or y', 'log [{a="b"} | json | (x > 5 or y]'],
    ['rate({a="b"} | json | (x > 5) | ', 'log [{a="b"} | json | (x > 5) | ]'],
    ['{a="b"} |= "(["', 'log [{a="b"} |= "(["]'],
    ['rate({a="b"}[', "duration []"],
    ['rate({a="b"} [5', "duration [5]"],
    ['rate({a="b"}[5m]', "nothing"],
    ['sum(rate({a="b"}[5m])) ', "grouping []"],
    ['sum(rate({a="b"}[5m])) / ra', "function [ra]"],
    ['rate({a="b"}[5m]) / rate({c="d"} |', 'log [{c="d"} |]'],
    ["rate( # a comment", "nothing"],
    ['label_replace(rate({a="b"}[5m]), "x', "nothing"],
  ])("%s", (before, want) => {
    expect(placed(before)).toBe(want);
  });
});
