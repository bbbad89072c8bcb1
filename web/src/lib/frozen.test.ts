import { describe, expect, it } from "vitest";
import type { Entry, Snapshot } from "../api/types";
import { parseView } from "../state/view";
import { keptWords, kindWords, narrowed } from "./frozen";

const AT = Date.parse("2026-03-01T12:00:00Z");

function entry(id: string, minutes: number, line: string, labels: Record<string, string>): Entry {
  return { id, ts: `${AT + minutes * 60_000}000000`, line, labels, metadata: { path: "/api" } };
}

const ENTRIES = [
  entry("a", 0, "Pool timeout", { service: "backend", level: "error" }),
  entry("b", 1, "ping", { service: "backend", level: "debug" }),
  entry("c", 2, '{"msg":"saved","user":7}', { service: "worker" }),
];

// What Loki made of these cannot be seen in the lines: no line says "unknown", or has the query's words.
const FROZEN =
  'query={env="x"} |= "words"&level=unknown&q=nowhere&not=o&start=2026-03-01T11:00:00Z&end=2026-03-01T13:00:00Z';

const left = (more: string) =>
  narrowed(ENTRIES, parseView(`${FROZEN}&${more}`), parseView(FROZEN))
    .map(({ id }) => id)
    .join("");

describe("what is kept", () => {
  it("is there whole with the filters that it was frozen with", () => {
    expect(left("")).toBe("abc");
    expect(left("wrap=1&col=path&tz=utc&order=oldest&line=x")).toBe("abc");
  });

  it("is narrowed by what is filtered since", () => {
    expect(left("service=backend")).toBe("ab");
    expect(left("service=!backend")).toBe("c");
    expect(left("q=POOL")).toBe("a");
    expect(left("not=pool")).toBe("bc");
    expect(left("field=json.user%3D7")).toBe("c");
    expect(left("field=path!%3D/api")).toBe("");
    expect(left("service=backend&q=ping")).toBe("b");
  });

  it("is narrowed to a part of its time, of which the end is no part", () => {
    const view = parseView("start=2026-03-01T12:00:00Z&end=2026-03-01T12:01:00Z");
    expect(narrowed(ENTRIES, { ...parseView(FROZEN), range: view.range }, parseView(FROZEN))).toEqual([
      ENTRIES[0],
    ]);
  });
});

it("says how much is kept, of how much, and of what", () => {
  const one = { path: "lines", lines: 5000, total: 12_480 } as Snapshot;
  expect(keptWords(one)).toBe("5,000 of 12,480 lines");
  expect(keptWords({ ...one, total: 5000 })).toBe("5,000 lines");
  expect(keptWords({ ...one, total: null })).toBe("5,000 lines, there may be more");
  expect(keptWords({ ...one, path: "issues/7" })).toBe("");
  expect([one, { ...one, path: "story" }, { ...one, path: "issues/7" }].map(kindWords)).toEqual([
    "Logs",
    "Story of a request",
    "Issue 7",
  ]);
});
