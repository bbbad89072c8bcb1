import { describe, expect, it } from "vitest";
import { type Command, looksLikeId, matching } from "./palette";

const nothing = () => {};

function commands(...titles: string[]): Command[] {
  return titles.map((title) => ({
    id: title,
    group: title.startsWith("Last") ? "Time" : "Go to",
    title,
    run: nothing,
  }));
}

const titles = (found: readonly Command[]) => found.map(({ title }) => title);

describe("what the palette finds", () => {
  const all = commands("Overview", "Issues", "Last 15 min", "Story of a request", "Last 5 min", "Logs");

  it("is everything without a text, group by group", () => {
    expect(titles(matching(all, " "))).toEqual([
      "Overview",
      "Issues",
      "Story of a request",
      "Logs",
      "Last 15 min",
      "Last 5 min",
    ]);
  });

  it("has every word, in title, note or group, in any case", () => {
    expect(titles(matching(all, "MIN 5"))).toEqual(["Last 15 min", "Last 5 min"]);
    expect(titles(matching(all, "time last 15"))).toEqual(["Last 15 min"]);
    expect(titles(matching(all, "nothing"))).toEqual([]);
  });

  it("begins with what begins so, then with what has a word that does", () => {
    expect(titles(matching(commands("Overview", "Re-view", "A view", "View"), "view"))).toEqual([
      "View",
      "A view",
      "Overview",
      "Re-view",
    ]);
  });

  it("has at most eight of a group, and what the server found whatever its title", () => {
    const many = Array.from({ length: 20 }, (_, n) => `Last ${n}`);
    expect(matching(commands(...many), "last")).toHaveLength(8);
    expect(
      titles(matching([{ id: "1", group: "Issues", title: "x", found: true, run: nothing }], "frame")),
    ).toEqual(["x"]);
  });
});

it("tells ids of requests from words", () => {
  expect(["1f734a8c-4961-487b-abbe-a241d4e3a838", "9f3a77c1"].every(looksLikeId)).toBe(true);
  expect(["overview", "last 15 min", "abc1", "availability"].some(looksLikeId)).toBe(false);
});
