import type { UseQueryResult } from "@tanstack/react-query";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { HealthResponse } from "../../api/types";
import { Sources } from "./Sources";

/** The panel's HTML for a health that has no sources. */
function html(known: boolean): string {
  const data = { sources: [], sources_known: known };
  return renderToString(<Sources health={{ data } as unknown as UseQueryResult<HealthResponse>} />);
}

describe("the sources of the overview", () => {
  it("does not take what Loki does not tell for silence", () => {
    expect(html(false)).toContain("Loki does not tell");
    expect(html(false)).not.toContain("No source has sent");
    expect(html(true)).toContain("No source has sent");
  });
});
