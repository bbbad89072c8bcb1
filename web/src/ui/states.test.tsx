import { describe, expect, it } from "vitest";
import { ApiError } from "../api/client";
import { click, open, text } from "../testing/page";
import { ErrorState, SmallErrorState } from "./States";

const LIMIT = new ApiError(
  400,
  "limit",
  "shorten the time range: the query time range exceeds the limit (query length: 60491h0m0s, limit: 32d)",
);
const LONG = "/lines?start=2020-01-01T00:00:00.000Z&end=2026-11-26T11:00:00.000Z";
const nothing = () => {};

describe("a range that is longer than Loki allows", () => {
  it("is said to be, and the longest one that is allowed is one click away", async () => {
    await open(LONG, <SmallErrorState what="The counts" error={LIMIT} onRetry={nothing} />);
    expect(text()).toContain("limit: 32d");
    expect(text()).not.toContain("Retry");
    await click("Only its last 32 days");
    const params = new URLSearchParams(window.location.search);
    expect(params.get("start")).toBe("2026-10-25T11:00:00.000Z");
    expect(params.get("end")).toBe("2026-11-26T11:00:00.000Z");
  });
});

describe("what is refused for good", () => {
  it("is not offered to be tried again", async () => {
    await open("/lines", <ErrorState error={new ApiError(400, "syntax", "parse error")} onRetry={nothing} />);
    expect(text()).toBe("parse error");
    await open("/lines", <ErrorState error={new ApiError(502, "unavailable", "away")} onRetry={nothing} />);
    expect(text()).toContain("Retry");
  });
});
