import { describe, expect, it } from "vitest";
import { ApiError } from "../api/client";
import { rangeLimit } from "./limit";

const HOUR = 3_600_000;
const refused = (limit: string) =>
  new ApiError(
    400,
    "limit",
    `the query is larger than Loki allows: the query time range exceeds the limit (query length: 60491h0m0s, limit: ${limit})`,
  );

describe("the longest range", () => {
  it("is what Loki says", () => {
    expect(rangeLimit(refused("32d"))).toBe(768 * HOUR);
    expect(rangeLimit(refused("30d1h"))).toBe(721 * HOUR);
    expect(rangeLimit(refused("721h0m0s"))).toBe(721 * HOUR);
  });

  it("is not known of another error", () => {
    expect(rangeLimit(new ApiError(400, "limit", "maximum of series (500) reached"))).toBeNull();
    expect(rangeLimit(new ApiError(502, "unavailable", "limit: 32d"))).toBeNull();
    expect(rangeLimit(new Error("limit: 32d"))).toBeNull();
  });
});
