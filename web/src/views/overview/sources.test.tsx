import type { UseQueryResult } from "@tanstack/react-query";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { HealthResponse } from "../../api/types";
import { Sources } from "./Sources";

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
});

/** The panel's text for a health that has no sources. */
function text(known: boolean): string {
  const data = { sources: [], sources_known: known };
  const panel = document.createElement("div");
  const root = createRoot(panel);
  act(() => root.render(<Sources health={{ data } as unknown as UseQueryResult<HealthResponse>} />));
  const shown = panel.textContent ?? "";
  act(() => root.unmount());
  return shown;
}

describe("the sources of the overview", () => {
  it("does not take what Loki does not tell for silence", () => {
    expect(text(false)).toContain("Loki does not tell");
    expect(text(false)).not.toContain("No source has sent");
    expect(text(true)).toContain("No source has sent");
  });
});
