import { act, type ComponentType } from "react";
import { describe, expect, it, vi } from "vitest";
import { click, draw, open, text } from "../testing/page";
import { ErrorBoundary } from "./ErrorBoundary";
import { lazily, Meanwhile } from "./lazily";

interface Module {
  default: ComponentType<{ name: string }>;
}

const Inner = lazily(() => new Promise<never>(() => {}));

/** Has a part of its own that is never there. */
function Whole({ name }: { name: string }) {
  return (
    <>
      {name}
      <Inner />
    </>
  );
}

const show = (Part: ComponentType<{ name: string }>) =>
  open(
    "/",
    <Meanwhile value="on its way">
      <ErrorBoundary name="The part">
        <Part name="here" />
      </ErrorBoundary>
    </Meanwhile>,
  );

describe("a part that is loaded when it is shown", () => {
  it("shows what stands for it, then itself, and is there at once the next time", async () => {
    let arrive: (module: Module) => void = () => {};
    const load = vi.fn(() => new Promise<Module>((resolve) => (arrive = resolve)));
    const Part = lazily(load);
    await show(Part);
    expect(text()).toBe("on its way");
    await act(async () => arrive({ default: Whole }));
    expect(text()).toBe("here");
    await open("/", null);
    act(() => draw(<Part name="again" />));
    expect(text()).toBe("again");
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("is there at once when it was asked for ahead", async () => {
    const Part = lazily(async () => ({ default: Whole }));
    await Part.ahead();
    act(() => draw(<Part name="here" />));
    expect(text()).toBe("here");
  });

  it("says that it could not be loaded, and tries again when asked to", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const load = vi
      .fn<() => Promise<Module>>()
      .mockRejectedValueOnce(new Error("no such file"))
      .mockResolvedValue({ default: ({ name }) => name });
    await show(lazily(load));
    expect(text()).toContain("The part could not be shown.");
    expect(text()).toContain("no such file");
    await click("Try again");
    expect(text()).toBe("here");
  });
});
