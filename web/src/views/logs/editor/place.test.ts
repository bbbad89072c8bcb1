import { describe, expect, it } from "vitest";
import { placeAt } from "./place";

/** The place in words: kind, label and operator, and the text that an option replaces. */
function placed(before: string): string {
  const place = placeAt(before);
  if (!place) return "nothing";
  const value =
    place.kind === "value" ? ` of ${place.label} ${place.operator} ${place.quote || "unquoted"}` : "";
  return `${place.kind}${value} [${before.slice(place.from)}]`;
}

describe("the place in a query", () => {
  it.each([
    ["", "nothing"],
    ["{", "label []"],
    ["{ser", "label [ser]"],
    ['{service="a",', "label []"],
    ['{service="a", en', "label [en]"],
    ["{service ", "operator []"],
    ["{service!", "operator [!]"],
    ["{service=", "value of service = unquoted []"],
    ["{service=ba", "value of service = unquoted [ba]"],
    ['{service="', 'value of service = " []'],
    ['{service="ba', 'value of service = " [ba]'],
    ["{service=`ba", "value of service = ` [ba]"],
    ['{service=~"nginx|ba', 'value of service =~ " [ba]'],
    ['{service="a\\"b', 'value of service = " [a\\"b]'],
    ['{service="a"', "nothing"],
    ['{service="a|b}', 'value of service = " [a|b}]'],
  ])("in the selector: %s", (before, want) => {
    expect(placed(before)).toBe(want);
  });

  it.each([
    ["", "pipeline []"],
    [" ", "pipeline []"],
    [" |", "pipeline [|]"],
    [" !", "pipeline [!]"],
    [" |=", "nothing"],
    [' |= "no compl', "nothing"],
    [' |= "a" ', "pipeline []"],
    [' |= "a" |', "pipeline [|]"],
    [' |= "a" or "', "nothing"],
    [" | ", "stage []"],
    [" | js", "stage [js]"],
    [" | json ", "pipeline []"],
    [" | json !", "pipeline [!]"],
    [' | json != "x', "nothing"],
    [" | json | status ", "operator []"],
    [" | json | status >= ", "value of status >= unquoted []"],
    [' | json | level != "er', 'value of level != " [er]'],
    [' | json | level="error" and ', "label []"],
    [' | json | level="error" and service="', 'value of service = " []'],
    [' | json | level="error" |', "pipeline [|]"],
    [" | drop ", "label []"],
    [" | drop a, b", "label [b]"],
    [" | pattern `<ip> ", "nothing"],
    [" | line_format `{{.a}}` ", "pipeline []"],
    [" # a comment", "nothing"],
    [" # a comment\n| ", "stage []"],
  ])("in the pipeline: %s", (before, want) => {
    expect(placed(`{service="a"}${before}`)).toBe(want);
  });

  it("is within the text, whatever the text is", () => {
    const parts = [
      "{",
      "}",
      '"',
      "`",
      "|",
      "!",
      "=",
      "~",
      "a",
      " ",
      "\n",
      "#",
      "\\",
      ",",
      "json",
      "or",
      "7s",
      "é",
    ];
    let seed = 1;
    for (let round = 0; round < 20_000; round++) {
      let text = "{";
      for (let length = round % 12; length > 0; length--) {
        seed = (seed * 48_271) % 2_147_483_647;
        text += parts[seed % parts.length];
      }
      const from = placeAt(text)?.from ?? 0;
      if (from < 0 || from > text.length) throw new Error(`${JSON.stringify(text)}: from ${from}`);
    }
  });
});
