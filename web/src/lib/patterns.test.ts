import { describe, expect, it } from "vitest";
import { patternName } from "./patterns";

describe("the name of a pattern's filter", () => {
  it.each([
    ["|>game <_> was saved", "game … was saved"],
    ['!><_>"message": "game <_> was saved"<_>', "game … was saved"],
    ["|>saved <_>", "saved …"],
    [String.raw`|~(?s)^\s*game\s+\S+\s+was\s+saved\s*(?:\n|$)`, "game … was saved"],
    [String.raw`|~(?s)^\s*took\s+\S+(?:\s+\S+){0,8}?\s+ms\.\s*(?:\n|$)`, "took … ms."],
    [String.raw`!~(?s)"message":"\s*game\s+(?:[^"\\\s]|\\.)+\s+was\s+saved\s*(?:"|\\n)`, "game … was saved"],
    [String.raw`|~(?s)^\s*a\s+[^\n]*?\s+b\s*(?:\n|$)`, "a … b"],
  ])("of %s is %s", (filter, want) => {
    expect(patternName(filter)).toBe(want);
  });
});
