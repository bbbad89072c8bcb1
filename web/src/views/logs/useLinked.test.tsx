import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useView } from "../../state/useView";
import { useLinked } from "./useLinked";

let root: Root;
let toggle: (key: string, open: boolean) => void;
let drawn: string[];

beforeEach(async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  drawn = [];
  document.body.innerHTML = "<div id=root></div>";
  root = createRoot(document.getElementById("root") as HTMLElement);
});

afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

function List() {
  const { view, setView } = useView();
  const open = (line: string) => setView({ ...view, line }, { replace: true });
  const [linked, onToggle] = useLinked(view.line, open, String(view.filters.service.include));
  toggle = onToggle;
  drawn.push(linked);
  return null;
}

const follow = (address: string) => act(async () => window.history.pushState(null, "", address));
const line = () => new URLSearchParams(window.location.search).get("line");

it("keeps the list where it is while the reader opens and closes lines, which the address names", async () => {
  await follow("/lines?line=a&wrap=1");
  await act(async () => root.render(<List />));
  await act(async () => toggle("b", true));
  expect(line()).toBe("b");
  await act(async () => toggle("c", true));
  await act(async () => toggle("b", false));
  expect(line()).toBe("c");
  await act(async () => toggle("c", false));
  expect(window.location.search).toBe("?wrap=1");
  expect(new Set(drawn)).toEqual(new Set(["a"]));
});

it("leads to the line of another link, and nowhere when the line goes with the filters", async () => {
  await follow("/lines");
  await act(async () => root.render(<List />));
  await act(async () => toggle("b", true));
  await follow("/lines?line=d");
  expect(drawn.at(-1)).toBe("d");
  await follow("/lines?service=backend");
  expect(drawn.at(-1)).toBe("");
});

it("looks for the open line in another list, and for it again on the way back", async () => {
  await follow("/lines");
  await act(async () => root.render(<List />));
  await act(async () => toggle("b", true));
  expect(drawn.at(-1)).toBe("");
  await follow("/lines?service=backend&line=b");
  expect(drawn.at(-1)).toBe("b");
  await follow("/lines?line=b");
  expect(drawn.at(-1)).toBe("b");
});
