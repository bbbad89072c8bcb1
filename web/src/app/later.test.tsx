import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { describe, expect, it, vi } from "vitest";
import { lazily } from "../ui/lazily";
import { Menu, MenuNote } from "../ui/Menu";
import { Later } from "./Later";

describe("what is loaded later", () => {
  it("opens once it is there for who has clicked what stood for it", async () => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    const trigger = <button type="button">Open</button>;
    const menu = () => (
      <Menu trigger={trigger}>
        <MenuNote>what is in it</MenuNote>
      </Menu>
    );
    let arrive: (of: { default: typeof menu }) => void = () => {};
    const Lazy = lazily(() => new Promise<{ default: typeof menu }>((resolve) => (arrive = resolve)));
    document.body.innerHTML = '<div id="root"></div>';
    const root = createRoot(document.getElementById("root") as HTMLElement);
    await act(async () =>
      root.render(
        <QueryClientProvider client={new QueryClient()}>
          <Later meanwhile={trigger}>
            <Lazy />
          </Later>
        </QueryClientProvider>,
      ),
    );
    await act(async () => document.querySelector("button")?.click());
    await act(async () => arrive({ default: menu }));
    expect(document.body.textContent).toContain("what is in it");
    act(() => root.unmount());
    vi.unstubAllGlobals();
  });
});
