import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { behind } from "./order";

let client: QueryClient;
let answer: (text: string) => void;
let ended: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient();
  ended = false;
});

afterEach(() => {
  client.clear();
  vi.useRealTimers();
});

/** Has a query of this name wait for its answer. */
function load(name: string): void {
  client.prefetchQuery({
    queryKey: [name, "params"],
    queryFn: () =>
      new Promise<string>((resolve) => {
        answer = resolve;
      }),
  });
}

async function stand(signal = new AbortController().signal): Promise<void> {
  behind(client, ["logs"], signal).then(() => {
    ended = true;
  });
  await vi.advanceTimersByTimeAsync(10);
}

describe("a query behind the lines", () => {
  it("goes at once when none are loaded", async () => {
    load("volume");
    await stand();
    expect(ended).toBe(true);
  });

  it("waits for their answer", async () => {
    load("logs");
    await stand();
    expect(ended).toBe(false);
    answer("lines");
    await vi.advanceTimersByTimeAsync(10);
    expect(ended).toBe(true);
  });

  it("does not wait for lines that are there and loaded again", async () => {
    client.setQueryData(["logs", "params"], "lines");
    load("logs");
    await stand();
    expect(ended).toBe(true);
  });

  it("waits a few seconds at most, and not when it is no longer wanted", async () => {
    load("logs");
    await stand();
    await vi.advanceTimersByTimeAsync(3000);
    expect(ended).toBe(true);
    ended = false;
    const wanted = new AbortController();
    await stand(wanted.signal);
    wanted.abort();
    await vi.advanceTimersByTimeAsync(10);
    expect(ended).toBe(true);
  });
});
