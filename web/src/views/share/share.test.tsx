import { act } from "react";
import { beforeEach, expect, it, vi } from "vitest";
import { parseView } from "../../state/view";
import { click, eventually, open, serve, text } from "../../testing/page";
import ShareDialog from "./ShareDialog";

let copied: string[];

beforeEach(() => {
  copied = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => copied.push(text) } });
  serve(() => ({ newest: { ts: "5", id: "a" } }));
});

const show = (address: string) => open(address, <ShareDialog onClose={() => {}} />);

const link = () => new URL(document.querySelector<HTMLInputElement>("[aria-label='The link']")?.value ?? "");
const radios = () => [...document.querySelectorAll<HTMLInputElement>("input[type=radio]")];

it("offers this time and always the newest, and copies what is chosen", async () => {
  await show("/lines?service=backend&wrap=1");
  expect(parseView(link().search)).toMatchObject({ range: { kind: "absolute" }, wrap: true });
  expect(text()).toContain("Always the last hour");
  await act(async () => radios()[1]?.click());
  expect(link().pathname + link().search).toBe("/lines?service=backend&wrap=1");
  await click("Copy link");
  expect(copied).toEqual([link().href]);
});

it("has no choice for a range that is closed already", async () => {
  await show("/lines?start=2026-03-01T10:00:00Z&end=2026-03-01T11:00:00Z");
  expect(radios()).toEqual([]);
  expect(link().search).toBe("?start=2026-03-01T10%3A00%3A00.000Z&end=2026-03-01T11%3A00%3A00.000Z");
});

it("names the event that an issue shows", async () => {
  await show("/issues/7");
  await eventually(() => expect(parseView(link().search).line).toBe("5-a"));
});
