import { act } from "react";
import { beforeEach, expect, it } from "vitest";
import { useView } from "../../state/useView";
import { open } from "../../testing/page";
import { useLinked } from "./useLinked";

let toggle: (key: string, open: boolean) => void;
let drawn: string[];

beforeEach(() => {
  drawn = [];
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
  await open("/lines?line=a&wrap=1", <List />);
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
  await open("/lines", <List />);
  await act(async () => toggle("b", true));
  await follow("/lines?line=d");
  expect(drawn.at(-1)).toBe("d");
  await follow("/lines?service=backend");
  expect(drawn.at(-1)).toBe("");
});

it("looks for the open line in another list, and for it again on the way back", async () => {
  await open("/lines", <List />);
  await act(async () => toggle("b", true));
  expect(drawn.at(-1)).toBe("");
  await follow("/lines?service=backend&line=b");
  expect(drawn.at(-1)).toBe("b");
  await follow("/lines?line=b");
  expect(drawn.at(-1)).toBe("b");
});
