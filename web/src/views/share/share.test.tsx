import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AnchorProvider } from "../../state/anchor";
import { parseView } from "../../state/view";
import { eventually } from "../../testing/eventually";
import ShareDialog from "./ShareDialog";

let root: Root;
let copied: string[];

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  copied = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => copied.push(text) } });
  vi.stubGlobal("fetch", async () => Response.json({ evidence: [{ ts: "5", id: "a" }] }));
  HTMLDialogElement.prototype.showModal ??= () => {};
  document.body.innerHTML = "<div id=root></div>";
  root = createRoot(document.getElementById("root") as HTMLElement);
});

afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

async function show(address: string): Promise<void> {
  await act(async () => window.history.replaceState(null, "", address));
  await act(async () =>
    root.render(
      <QueryClientProvider client={new QueryClient()}>
        <AnchorProvider>
          <ShareDialog onClose={() => {}} />
        </AnchorProvider>
      </QueryClientProvider>,
    ),
  );
}

const link = () => new URL(document.querySelector<HTMLInputElement>("[aria-label='The link']")?.value ?? "");
const radios = () => [...document.querySelectorAll<HTMLInputElement>("input[type=radio]")];

it("offers this time and always the newest, and copies what is chosen", async () => {
  await show("/lines?service=backend&wrap=1");
  expect(parseView(link().search)).toMatchObject({ range: { kind: "absolute" }, wrap: true });
  expect(document.body.textContent).toContain("Always the last hour");
  await act(async () => radios()[1]?.click());
  expect(link().pathname + link().search).toBe("/lines?service=backend&wrap=1");
  const button = [...document.querySelectorAll("button")].find((one) => one.textContent === "Copy link");
  await act(async () => button?.click());
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
