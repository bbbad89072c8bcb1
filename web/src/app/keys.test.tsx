import { act } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { open, press } from "../testing/page";
import { useGridKeys } from "../views/logs/useGridKeys";
import { useShortcuts } from "./useShortcuts";

let said: string[];

beforeEach(() => {
  said = [];
});

function Page() {
  useShortcuts(
    () => said.push("help"),
    () => said.push("palette"),
    () => said.push("share"),
  );
  return (
    <>
      <input data-search />
      <dialog open>
        <button type="button" />
      </dialog>
    </>
  );
}

const show = (address: string, page = <Page />) => open(address, page);
const address = () => window.location.pathname + window.location.search;

describe("the keys of the page", () => {
  it("shows errors only with e, and all levels again, where there are levels", async () => {
    for (const path of ["/", "/issues", "/lines"]) {
      await show(`${path}?service=backend`);
      await press("e");
      expect(address()).toBe(`${path}?service=backend&level=fatal&level=critical&level=error`);
      await press("e");
      expect(address()).toBe(`${path}?service=backend`);
    }
    for (const path of ["/health", "/alerts", "/issues/7", "/story"]) {
      await show(path);
      await press("e");
      expect(address()).toBe(path);
    }
  });

  it("shows errors only with e where some level is filtered already", async () => {
    await show("/lines?level=info&level=!error");
    await press("e");
    expect(address()).toBe("/lines?level=fatal&level=critical&level=error");
  });

  it("shares with s, but snoozes where there are issues", async () => {
    for (const path of ["/", "/lines", "/health", "/alerts/3", "/story"]) {
      await show(path);
      await press("s");
    }
    expect(said).toEqual(["share", "share", "share", "share", "share"]);
    for (const path of ["/issues", "/issues/7"]) {
      await show(path);
      await press("s");
    }
    expect(said).toHaveLength(5);
  });

  it("does nothing while one types, in a dialog, or with a modifier", async () => {
    await show("/lines");
    for (const key of ["e", "t", "/", "?", "s", "g"]) {
      await press(key, {}, document.querySelector("input"));
      await press(key, {}, document.querySelector("dialog button"));
      for (const modifier of ["ctrlKey", "metaKey", "altKey"]) await press(key, { [modifier]: true });
    }
    expect(address()).toBe("/lines");
    expect(said).toEqual([]);
  });
});

describe("what is typed before the search is there", () => {
  it("is the search's, and no shortcut", async () => {
    const typed = vi.fn();
    document.execCommand = typed;
    await show("/");
    for (const key of ["/", "s", "?", "t"]) await press(key);
    await act(async () => document.querySelector<HTMLElement>("[data-search]")?.focus());
    expect(typed.mock.calls).toEqual([["insertText", false, "s?t"]]);
    expect(said).toEqual([]);
    expect(address()).toBe("/lines");
  });
});

function List({ active }: { active: string }) {
  const virtual = { scrollToIndex: () => {}, getVirtualItems: () => [], scrollOffset: 0 };
  const entry = (id: string) => ({ id, ts: "0", line: "", labels: {}, metadata: {} });
  useGridKeys({
    rows: [{ kind: "day", id: "day", label: "" }, entry("a"), entry("b")],
    active,
    setActive: (key) => said.push(`go to ${key}`),
    toggle: (key) => said.push(`open ${key}`),
    context: (key, index) => said.push(`context of ${key} at ${index}`),
    virtual: virtual as unknown as Parameters<typeof useGridKeys>[0]["virtual"],
    onMove: undefined,
  });
  return null;
}

describe("the keys of the lines", () => {
  it("are j and k to move, Enter to open, c for the context of the line they are at", async () => {
    await show("/lines", <List active="a" />);
    for (const key of ["j", "c", "Enter"]) await press(key);
    await press("c", { ctrlKey: true });
    expect(said).toEqual(["go to b", "context of a at 1", "open a"]);
  });

  it("have no line at first, so that c does nothing", async () => {
    await show("/lines", <List active="" />);
    await press("c");
    expect(said).toEqual([]);
  });
});
