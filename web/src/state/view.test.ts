import { describe, expect, it } from "vitest";
import {
  allLines,
  clearFilters,
  countFilters,
  filterMode,
  onlyValues,
  removeFilter,
  toggleFilter,
  withPattern,
  withTail,
} from "./filters";
import { buildLogQL } from "./logql";
import { DEFAULT_SPAN_MS, formatView, parseView, rangeBounds } from "./view";

describe("patterns", () => {
  it("are filters of LogQL where there is a query", () => {
    const view = parseView(
      new URLSearchParams([
        ["query", '{a="b"}'],
        ["pattern", '|>a <_> "c"'],
        ["pattern", "!~^x"],
        ["pattern", "}"],
      ]).toString(),
    );
    expect(buildLogQL(view)).toBe('{a="b"} |> "a <_> \\"c\\"" !~ "^x"');
    expect(countFilters(view)).toBe(3);
    expect(withPattern(view, '|>a <_> "c"', "exclude").patterns).toEqual(["!~^x", '!>a <_> "c"']);
  });
});

describe("parseView", () => {
  it("gives the defaults for an empty address", () => {
    const view = parseView("");
    expect(view.range).toEqual({ kind: "relative", spanMs: DEFAULT_SPAN_MS });
    expect(view).toMatchObject({ by: "level", order: "newest", tail: false, wrap: false, line: "", q: [] });
    expect(formatView(view)).toBe("");
  });

  it("survives a round trip with everything in it", () => {
    const search =
      "service=backend&service=%21nginx&level=error&env=production&host=web-1&q=pool+timeout&q=%E2%9C%93" +
      "&pattern=%7C%3Ea+%3C_%3E&pattern=%21%7E%5Eb" +
      "&field=logger%3Dtovplay.api&field=stream%21%3Dstderr&start=now-6h&by=service&order=oldest&wrap=1&line=abc";
    expect(formatView(parseView(search))).toBe(search);
  });

  it("keeps closed ranges to the millisecond", () => {
    const view = parseView("start=2025-06-30T14:03:07.120Z&end=2025-06-30T14:04:00.000Z");
    expect(view.range).toEqual({ kind: "absolute", startMs: 1751292187120, endMs: 1751292240000 });
    expect(parseView(formatView(view)).range).toEqual(view.range);
  });

  it.each([
    "start=soon",
    "start=now-1y",
    "start=now-0s",
    "start=now--5m",
    "start=2025-06-30T14:00:00Z",
    "start=2025-06-30T15:00:00Z&end=2025-06-30T14:00:00Z",
    "end=now-1h",
  ])("falls back to the default range for %s", (search) => {
    expect(parseView(search).range).toEqual({ kind: "relative", spanMs: DEFAULT_SPAN_MS });
  });

  it("drops values that mean nothing", () => {
    const view = parseView(
      "service=&service=a&service=a&service=!&field=1bad%3Dx&field=none&q=+&by=host&tail=yes",
    );
    expect(view.filters.service).toEqual({ include: ["a"], exclude: [] });
    expect(view).toMatchObject({ fields: [], q: [], by: "level", tail: false });
  });

  it("bounds the number of values, whatever the address holds", () => {
    const search = Array.from({ length: 500 }, (_, index) => `service=s${index}&q=w${index}`).join("&");
    const view = parseView(search);
    expect(view.filters.service.include).toHaveLength(50);
    expect(view.q).toHaveLength(50);
  });

  it("has no live tail over a closed range", () => {
    expect(parseView("tail=1").tail).toBe(true);
    expect(parseView("tail=1&start=2025-06-30T14:00:00Z&end=2025-06-30T15:00:00Z").tail).toBe(false);
  });

  it("keeps = and ! in the value of a field", () => {
    expect(parseView("field=url%3D%2Fa%3Fb%21%3Dc").fields).toEqual([
      { name: "url", value: "/a?b!=c", exclude: false },
    ]);
  });
});

describe("rangeBounds", () => {
  it("counts back from now, or gives the closed range", () => {
    expect(rangeBounds({ kind: "relative", spanMs: 1000 }, 5000)).toEqual({ startMs: 4000, endMs: 5000 });
    expect(rangeBounds({ kind: "absolute", startMs: 1, endMs: 2 }, 5000)).toEqual({ startMs: 1, endMs: 2 });
  });
});

describe("filters", () => {
  const empty = parseView("");

  it("turns a value on, over to the other mode, and off", () => {
    const included = toggleFilter(empty, "service", "backend", "include");
    expect(filterMode(included, "service", "backend")).toBe("include");
    const excluded = toggleFilter(included, "service", "backend", "exclude");
    expect(excluded.filters.service).toEqual({ include: [], exclude: ["backend"] });
    expect(
      filterMode(toggleFilter(excluded, "service", "backend", "exclude"), "service", "backend"),
    ).toBeNull();
  });

  it("does the same for any other field", () => {
    const view = toggleFilter(toggleFilter(empty, "logger", "a", "include"), "logger", "a", "exclude");
    expect(view.fields).toEqual([{ name: "logger", value: "a", exclude: true }]);
    expect(removeFilter(view, "logger", "a").fields).toEqual([]);
  });

  it("clears all but the environment", () => {
    const view = parseView(
      "service=a&env=production&q=x&not=y&pattern=%7C%3Ez&field=b%3Dc&query=%7B%7D&state=new",
    );
    expect(countFilters(view)).toBe(6);
    expect(formatView(allLines(view))).toBe("env=production&state=new");
    expect(formatView(clearFilters(view))).toBe("env=production");
  });

  it("shows only some values and forgets the linked line", () => {
    const view = onlyValues(parseView("level=%21info&line=abc"), "level", ["error"]);
    expect(formatView(view)).toBe("level=error");
  });

  it("opens a closed range for the live tail", () => {
    const closed = parseView("start=2025-06-30T14:00:00Z&end=2025-06-30T15:00:00Z");
    expect(withTail(closed, true)).toMatchObject({ tail: true, range: { kind: "relative" } });
    expect(withTail(closed, false).range).toEqual(closed.range);
  });

  it("counts the environment as no narrowing", () => {
    expect(countFilters(parseView("env=production"))).toBe(0);
  });
});

describe("buildLogQL", () => {
  it("leaves a query as it is whose selector does not end: what Loki says of it is of the place in it", () => {
    const view = (query: string) => ({ ...parseView("env=production&q=one"), query });
    expect(buildLogQL(view('{service="backend"'))).toBe('{service="backend"');
    expect(buildLogQL(view(' {service="backend} |= "a'))).toBe(' {service="backend} |= "a');
  });

  it("always has a matcher that Loki accepts", () => {
    expect(buildLogQL(parseView("field=logger%3Da"))).toBe('{service=~".+"} | logger = "a"');
  });

  it("quotes values and escapes what would be a pattern", () => {
    const view = parseView('service=a.b&service=c&level=%21info&q=x"(1)&field=path!=C:\\tmp');
    expect(buildLogQL(view)).toBe(
      '{service=~"a\\\\.b|c", level!="info"} |~ "(?i)x\\"\\\\(1\\\\)" | path != "C:\\\\tmp"',
    );
  });
});

describe("a query of LogQL", () => {
  it("is narrowed by the filters, inside its selector and after its pipeline", () => {
    const view = parseView(
      `?query=${encodeURIComponent('{job="a}", env=~`x}y`} |= "t" | json')}&service=b&q=w&not=n&field=json.path=/x`,
    );
    expect(buildLogQL(view)).toBe(
      '{job="a}", env=~`x}y`, service="b"} |= "t" | json |~ "(?i)w" !~ "(?i)n"' +
        ' | json json_path="path" | json_path = "/x" | drop json_path, __error__, __error_details__',
    );
    expect(parseView(formatView(view))).toEqual(view);
  });

  it("is narrowed behind a comment too, which ends with its line", () => {
    const view = parseView(`?query=${encodeURIComponent('{job="a"} # why')}&q=one&q=w`);
    expect(buildLogQL(view)).toBe('{job="a"} # why\n |~ "(?i)one" |~ "(?i)w"');
  });
});
