const HOUR_MS = 3_600_000;

/** Ranges up to this long are read at any cost. */
const FREE_MS = 3 * HOUR_MS;

/** Spans that are offered in place of a longer one, the longest first. */
const SPANS_MS = [7 * 24, 3 * 24, 24, 12, 6].map((hours) => hours * HOUR_MS);

/** The longest usual span that would read less than is worth a question, if lines are spread evenly. */
export function narrowerSpan(spanMs: number, cost: { bytes: number; limit_bytes: number }): number {
  const cheap = (shorter: number) => (cost.bytes * shorter) / spanMs < 0.9 * cost.limit_bytes;
  return SPANS_MS.find((shorter) => shorter < spanMs && cheap(shorter)) ?? FREE_MS;
}
