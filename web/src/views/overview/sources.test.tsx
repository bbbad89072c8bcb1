import type { UseQueryResult } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import type { HealthResponse } from "../../api/types";
import { button, open, text } from "../../testing/page";
import { Sources } from "./Sources";

function show(known: boolean): Promise<void> {
  const data = { sources: [], sources_known: known };
  return open("/", <Sources health={{ data } as unknown as UseQueryResult<HealthResponse>} />);
}

describe("the sources of the overview", () => {
  it("does not take what Loki does not tell for silence", async () => {
    await show(false);
    expect(text()).toContain("Loki does not tell");
    expect(text()).not.toContain("No source has sent");
    await show(true);
    expect(text()).toContain("No source has sent");
  });

  it("lead to how much they log", async () => {
    await show(true);
    expect(button("Usage").getAttribute("href")).toBe("/usage");
  });
});
