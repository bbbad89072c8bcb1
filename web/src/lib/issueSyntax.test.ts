import { describe, expect, it } from "vitest";
import { formatView, parseView } from "../state/view";
import { hasFilters, readSearch } from "./issueSyntax";

/** The address and the words of a search. */
function read(text: string, before = ""): [string, string] {
  const { view, words } = readSearch(text, parseView(before));
  return [decodeURIComponent(formatView(view)), words];
}

describe("the search of issues", () => {
  it("has filters among its words", () => {
    expect(read("service:backend deadlock -level:fatal in pay")).toEqual([
      "service=backend&level=!fatal",
      "deadlock in pay",
    ]);
    expect(read("tag:browser=Firefox -tag:browser=Chrome user:ada")).toEqual([
      "tag=browser=Firefox&tag=browser!=Chrome&tag=user=ada",
      "",
    ]);
    expect(read('frame:create_game -deploy:2b7f1e tag:city="Tel Aviv"')).toEqual([
      "frame=create_game&deploy=!2b7f1e&tag=city=Tel+Aviv",
      "",
    ]);
    expect(read("host:web-1 state:new state:resolved assignee:nobody")).toEqual([
      "host=web-1&state=new&state=resolved&assignee=",
      "",
    ]);
    expect(read("env:staging", "env=production")[0]).toBe("env=staging");
    expect(read("user:שלום")).toEqual(["tag=user=שלום", ""]);
    expect(read("tag:env=staging tag:host=web-1")[0]).toBe("env=staging&host=web-1");
  });

  it("leaves alone what only looks like one", () => {
    for (const words of [
      "ValueError: bad slot",
      "http://host:80/",
      "state:odd",
      "-state:new",
      '"user:ada"',
      "user:",
      'user:""',
      "a -b",
      "tag:x",
      "nouser:ada x",
    ])
      expect(read(words)).toEqual(["", words]);
    expect(hasFilters("ValueError: no user")).toBe(false);
    expect(hasFilters("-user:ada")).toBe(true);
  });

  it("turns a filter round instead of asking for both", () => {
    expect(read("-user:ada", "tag=user%3Dada")[0]).toBe("tag=user!=ada");
    expect(read("service:a service:a")[0]).toBe("service=a");
    expect(read("tag:user!=ada")[0]).toBe("tag=user!=ada");
  });
});
