import { act } from "react";
import { describe, expect, it } from "vitest";
import { click, open, text } from "../testing/page";
import { lazily } from "../ui/lazily";
import { Menu, MenuNote } from "../ui/Menu";
import { Later } from "./Later";

describe("what is loaded later", () => {
  it("opens once it is there for who has clicked what stood for it", async () => {
    const trigger = <button type="button">Open</button>;
    const menu = () => (
      <Menu trigger={trigger}>
        <MenuNote>what is in it</MenuNote>
      </Menu>
    );
    let arrive: (of: { default: typeof menu }) => void = () => {};
    const Lazy = lazily(() => new Promise<{ default: typeof menu }>((resolve) => (arrive = resolve)));
    await open(
      "/",
      <Later meanwhile={trigger}>
        <Lazy />
      </Later>,
    );
    await click("Open");
    await act(async () => arrive({ default: menu }));
    expect(text()).toContain("what is in it");
  });
});
