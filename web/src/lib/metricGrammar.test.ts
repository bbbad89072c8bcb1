import { expect, it } from "vitest";
import { parseView } from "../state/view";
import { AGGREGATIONS, RANGE_FUNCTIONS, windowFor } from "./functions";
import { countedLines, isMetricText, metricQuery, metricUnit } from "./metricGrammar";

const HOUR_MS = 3_600_000;

it.each([
  ['sum by (level) (rate({service="backend"} |= "timeout" [5m]))', true],
  ['100 * sum(rate({a="b"}[5m])) / sum(rate({a="b"}[5m]))', true],
  ['(sum(rate({a="b"}[5m])))', true],
  ['quantile_over_time(0.95, {a="b"} | json | unwrap d [5m]) by (x)', true],
  ['rate({a="b"}[$__auto])', true],
  ['sum(rate({a="b"}[5m])', true], // Loki says what is missing
  ['rate({a="b"}', true],
  ['{a="b"} |= "x"', false],
  ['({a="b"})', false],
  ["rate limit exceeded", false],
  ["count(*)", false],
  ["500", false],
  ["hello {x} (y)", false],
  ['error: {"rate": (1)}', false],
  ["max({x: 1})", false],
])("%s is a metric query: %s", (text, want) => {
  expect(isMetricText(text)).toBe(want);
});

it("knows every function that is offered", () => {
  for (const { name, argument, unwraps } of RANGE_FUNCTIONS)
    expect(isMetricText(`${name}(${argument}{a="b"}${unwraps ? " | unwrap x" : ""} [5m])`)).toBe(true);
  for (const { name, argument } of AGGREGATIONS)
    expect(isMetricText(`${name}(${argument}rate({a="b"}[5m]))`)).toBe(true);
});

function narrowed(query: string, filters: string): string {
  return metricQuery(parseView(`query=${encodeURIComponent(query)}&${filters}`), HOUR_MS);
}

it("narrows every stream selector by the filters of the view", () => {
  expect(
    narrowed('sum(rate({a="}"} |= "{" [5m])) / sum(rate({ c="d", } [5m]))', "env=staging&q=x.y&not=z"),
  ).toBe(
    'sum(rate({a="}", env="staging"} |~ "(?i)x\\\\.y" !~ "(?i)z" |= "{" [5m])) / sum(rate({c="d", env="staging"} |~ "(?i)x\\\\.y" !~ "(?i)z" [5m]))',
  );
  expect(narrowed("rate({}[5m])", "level=error&level=fatal")).toBe('rate({level=~"error|fatal"}[5m])');
  // A function that the grammar does not know.
  expect(narrowed('approx_topk(3, sum by (x) (rate({a="b"}[1m])))', "env=staging")).toContain(
    'env="staging"}[1m]',
  );
});

it("leaves a query as it is without filters, also one with faults", () => {
  for (const query of ['rate({a="b"}[5m])', 'sum(rate({a="b"', "nonsense"])
    expect(narrowed(query, "")).toBe(query);
});

it("writes Grafana's variables out", () => {
  expect(narrowed('rate({a="b"}[$__auto]) / rate({a="b"}[$__range])', "")).toBe(
    'rate({a="b"}[1m]) / rate({a="b"}[3600s])',
  );
});

it.each([
  ['sum(rate({a="b"} |= "x" | json [5m] offset 1h))', '{a="b"} |= "x" | json'],
  ['max_over_time({a="b"} | json | unwrap ms [5m])', '{a="b"} | json'],
  ['rate({a="b"}[5m]) / rate({c="d"}[5m])', '{a="b"}'],
  ["vector(1)", ""],
])("finds the lines behind %s", (query, want) => {
  expect(countedLines(query)).toBe(want);
});

it("tells bytes by the functions", () => {
  expect(metricUnit('sum(bytes_rate({a="b"}[5m]))')).toBe("bytes");
  expect(metricUnit('sum(bytes_rate({a="b"}[5m])) / sum(rate({a="b"}[5m]))')).toBe("count");
  expect(metricUnit('rate({a="b"}[5m])')).toBe("count");
});

it("has windows that fit the range", () => {
  const minutes = (hours: number) => windowFor(hours * HOUR_MS) / 60_000;
  expect([0.1, 1, 6, 24, 168, 720].map(minutes)).toEqual([1, 1, 10, 30, 180, 720]);
});
