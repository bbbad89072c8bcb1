// What a person does with lines beyond reading them, each step with what must be seen.

import { readFileSync } from "node:fs";
import { check, until, visible } from "./expect.mjs";

const LINE = "[data-line]";

/** Context shows the line between its neighbours, and each side grows by itself. */
export async function seeContext(page) {
  const line = page.locator(LINE).first();
  await line.click();
  await page.getByRole("button", { name: "Context" }).first().click();
  const lines = page.locator("[data-context-line]");
  await until(page, async () => (await lines.count()) > 1, "the context shows other lines of the stream");
  check((await page.locator("[data-context-line][aria-current]").count()) === 1, "the line itself is marked, once");
  const before = await lines.count();
  const more = page.getByRole("button", { name: "10 more before" });
  if (await more.count()) {
    await more.click();
    await until(page, async () => (await lines.count()) > before, "one side of the context grows");
  }
  await line.click();
}

/** Patterns say what they are of, and one of them can be left out. */
export async function hidePattern(page) {
  await page.getByRole("button", { name: "Show the patterns" }).click();
  const patterns = page.locator("[data-pattern]");
  await visible(patterns, "the patterns of the lines are listed");
  await visible(page.getByRole("status").filter({ hasText: /\d patterns? in (all|a sample)/ }), "they say of which lines they are");
  await page.locator("[data-pattern] button:not([disabled])", { hasText: "Hide" }).first().click();
  await until(page, () => new URL(page.url()).searchParams.has("not"), "a pattern that is left out is in the address");
  await visible(page.getByRole("list", { name: "Filters in force" }).getByText("lacks"), "it can be taken in again");
  await page.goBack();
  await page.goBack();
  await visible(page.locator(LINE), "Back leads to the lines");
}

/** LogQL in the search field narrows the list; a fault in it is said in words. */
export async function useLogQL(page) {
  const box = page.getByLabel("Text that the lines contain");
  const before = await box.inputValue();
  await box.fill('{service=~".+"} |= ');
  await box.press("Enter");
  await visible(page.getByRole("alert").getByText("Loki does not understand the query"), "a fault in LogQL is said");
  await box.fill('{service=~".+", level="error"}');
  await box.press("Enter");
  await visible(page.locator(LINE), "LogQL finds lines");
  const onlyErrors = async () => (await page.locator(LINE).allInnerTexts()).every((text) => text.includes("ERR"));
  await until(page, onlyErrors, "only lines that fit the query are shown");
  await box.fill(before);
  await box.press("Enter");
  await until(page, () => !new URL(page.url()).searchParams.has("query"), "plain text takes the query's place");
}

/** A download has the lines of the list, one JSON object a line. */
export async function exportLines(page) {
  await page.getByRole("button", { name: "Export the lines" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "NDJSON" }).click(),
  ]);
  check(/^logs-.*\.ndjson$/.test(download.suggestedFilename()), `the file is called ${download.suggestedFilename()}`);
  const lines = readFileSync(await download.path(), "utf8").trim().split("\n");
  const id = await page.locator(LINE).first().getAttribute("data-line");
  check(lines.some((text) => JSON.parse(text).id === id), "the file has the lines of the list");
}
