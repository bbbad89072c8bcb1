import { vi } from "vitest";

/** Waits for what comes by itself, from an answer or a stream; on a busy machine that takes a while. */
export async function eventually(check: () => void): Promise<void> {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", false);
  await vi.waitFor(check, { timeout: 15_000 });
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
}
