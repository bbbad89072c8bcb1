import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { AnchorProvider } from "../state/anchor";

let root: Root;

function begin(): void {
  document.body.innerHTML = "<div id=root></div>";
  root = createRoot(document.getElementById("root") as HTMLElement);
}

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  begin();
});

afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** A store of answers in which nothing has been asked for yet. */
export const newClient = () => new QueryClient({ defaultOptions: { queries: { retry: false } } });

/** Draws an element in what every part of the page stands in. */
export function draw(element: ReactNode, client = newClient()): void {
  root.render(
    <QueryClientProvider client={client}>
      <AnchorProvider>{element}</AnchorProvider>
    </QueryClientProvider>,
  );
}

/** Opens an address, as loading the page anew does, with an element for its page. */
export async function open(address: string, element: ReactNode, client = newClient()): Promise<void> {
  act(() => root.unmount());
  begin();
  window.history.replaceState(null, "", address);
  await act(async () => draw(element, client));
}

/** Answers what is asked of the API; anything but a Response is sent as JSON. */
export function serve(answer: (url: URL, method: string, body: unknown) => unknown): void {
  vi.stubGlobal("fetch", async (address: string, { method = "GET", body }: RequestInit = {}) => {
    const found = answer(new URL(address), method, body && JSON.parse(String(body)));
    return found instanceof Response ? found.clone() : Response.json(found);
  });
}

/** An error as the API answers it. */
export const refusal = (status: number, message: string) =>
  Response.json({ error: { code: "refused", message, source: "dashboard" } }, { status });

/** Waits for what comes by itself, from an answer or a stream; on a busy machine that takes a while. */
export async function eventually(check: () => void): Promise<void> {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", false);
  await vi.waitFor(check, { timeout: 15_000 });
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
}

/** What the page says, or the first element that fits the selector. */
export const text = (selector = "body") => document.querySelector(selector)?.textContent ?? "";

/** Waits until the page says so. */
export const sees = (words: string) => eventually(() => expect(text()).toContain(words));

/** The button, or else the link, with this label or text, or with a text that is like it. */
export function button(name: string | RegExp): HTMLElement {
  const all = ["button", "a"].flatMap((tag) => [...document.querySelectorAll<HTMLElement>(tag)]);
  const found = all.find((one) => {
    const said = one.textContent?.trim() ?? "";
    return typeof name === "string"
      ? name === said || name === one.getAttribute("aria-label")
      : name.test(said);
  });
  if (!found) throw new Error(`there is no button ${name} in ${text()}`);
  return found;
}

export const click = (name: string | RegExp, options: MouseEventInit = {}) =>
  act(async () => {
    button(name).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...options }));
  });

/** Presses a key where the focus is, or on another element. */
export const press = (
  key: string,
  options: KeyboardEventInit = {},
  target: Element | null | undefined = document.activeElement,
) =>
  act(async () => {
    target?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));
  });

/** Types into the first field that fits the selector, as React hears it. */
export const type = (value: string, selector = "input") =>
  act(async () => {
    const field = document.querySelector<HTMLInputElement>(selector);
    if (!field) throw new Error(`there is no field ${selector}`);
    field.focus();
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
