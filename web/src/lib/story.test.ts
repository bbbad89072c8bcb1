import { describe, expect, it } from "vitest";
import type { Entry, Story } from "../api/types";
import { requestOf, storyView } from "../lines/links";
import { formatView, parseView } from "../state/view";
import {
  axisOf,
  gapWords,
  hasNginx,
  isWholeSecond,
  lanesOf,
  offsetWords,
  placeOf,
  storyWords,
  ticksOf,
} from "./story";

const SECOND = 1_764_115_200;

function entry(ms: number, service: string, env = "production", line = "x"): Entry {
  const ts = String(BigInt(SECOND) * 1_000_000_000n + BigInt(ms) * 1_000_000n);
  const labels: Record<string, string> = service ? { service, env } : {};
  return { id: `${ts}-${service}`, ts, line, labels, metadata: {} };
}

function story(own: readonly Entry[], nearby: readonly Entry[] = []): Story {
  return {
    id: "abcd",
    start: "2025-11-25T00:00:00Z",
    end: "2025-11-26T00:00:00Z",
    lines: own.map((one) => ({ entry: one, gap_ms: null, found_in: "text" })),
    cut: false,
    nearby: [...nearby],
    nearby_cut: false,
    partial: false,
    warnings: [],
  };
}

describe("the picture of a story", () => {
  const told = story(
    [entry(0, "backend"), entry(5, "backend", "staging"), entry(200, "backend")],
    [entry(-300, ""), entry(100, "nginx")],
  );

  it("has a lane for each service of an environment, those of the request first", () => {
    const lanes = lanesOf(told).map(({ name, env, own, entries }) => [name, env, own, entries.length]);
    expect(lanes).toEqual([
      ["backend", "production", true, 2],
      ["backend", "staging", true, 1],
      ["no service", "", false, 1],
      ["nginx", "production", false, 1],
    ]);
  });

  it("places lines from the first to the last of the request, and none outside", () => {
    const axis = axisOf(told);
    const places = [...told.lines.map((line) => line.entry), ...told.nearby].map(({ ts }) =>
      placeOf(ts, axis),
    );
    expect(places).toEqual([0, 2.5, 100, null, 50]);
  });

  it("has about five full offsets below it, also of a single line", () => {
    expect(ticksOf(axisOf(told))).toEqual([0, 50, 100, 150, 200]);
    expect(ticksOf(axisOf(story([entry(0, "a")]))).length).toBeLessThanOrEqual(6);
  });
});

describe("words of a story", () => {
  it("say how many lines of how many services in which time", () => {
    const both = story([entry(0, "nginx"), entry(85, "backend"), entry(2100, "backend")]);
    expect(storyWords(both)).toBe("3 lines of 2 services within 2.1 s");
    expect(storyWords({ ...both, cut: true })).toBe("The newest 3 lines of 2 services within 2.1 s");
    expect(storyWords(story([entry(0, "nginx")]))).toBe("1 line of 1 service carries it");
    expect(storyWords(story([]))).toBe("No line carries this id");
  });

  it("give spans in the unit that fits", () => {
    expect([0, 0.42, 9, 85.4, 999.4, 1000, 61_000, 600_000].map(gapWords)).toEqual([
      "0 ms",
      "0.4 ms",
      "9 ms",
      "85 ms",
      "999 ms",
      "1 s",
      "1 min 1 s",
      "10 min 0 s",
    ]);
    expect(offsetWords(entry(-120, "a").ts, entry(0, "a").ts)).toBe("−120 ms");
    expect(offsetWords(entry(3004, "a").ts, entry(0, "a").ts)).toBe("+3 s");
  });

  it("know the whole seconds of nginx", () => {
    expect([entry(0, "nginx"), entry(1, "nginx")].map(({ ts }) => isWholeSecond(ts))).toEqual([true, false]);
    expect(hasNginx(story([entry(0, "nginx")]))).toBe(true);
    expect(hasNginx(story([entry(0, "backend")], [entry(0, "nginx")]))).toBe(false);
  });
});

describe("links to a story", () => {
  it("take the id from metadata or from the record itself", () => {
    const line = entry(0, "backend", "production", '{"message":"x","request_id":"from-record"}');
    expect(requestOf(line)).toBe("from-record");
    expect(requestOf({ ...line, metadata: { correlation_id: "from-metadata" } })).toBe("from-metadata");
    expect(requestOf(entry(0, "backend"))).toBe("");
  });

  it("look for the request around the line, without the filters", () => {
    const line = entry(0, "backend");
    const link = formatView(
      storyView(
        parseView("service=a&q=b&not=c&pattern=%7C%3Ed&query=%7Ba%3D%22b%22%7D&tail=1"),
        "abcd",
        line.ts,
      ),
    );
    expect(link).toBe("start=2025-11-25T23%3A50%3A00.000Z&end=2025-11-26T00%3A10%3A00.000Z&id=abcd");
    expect(parseView(link).request).toBe("abcd");
  });
});
