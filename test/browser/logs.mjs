// What a person does with lines beyond reading them, each step with what must be seen.

import { readFileSync } from "node:fs";
import { checkAccessible } from "./browser.mjs";
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
  const hidden = await patterns.filter({ has: page.locator("button:not([disabled])", { hasText: "Hide" }) }).first();
  const template = await hidden.getAttribute("data-pattern");
  await hidden.getByRole("button", { name: "Hide" }).click();
  await until(page, () => new URL(page.url()).searchParams.has("pattern"), "a pattern that is left out is in the address");
  await visible(page.getByRole("list", { name: "Filters in force" }).getByText("pattern is not"), "it can be taken in again");
  const shown = () => patterns.evaluateAll((rows) => rows.map((row) => row.dataset.pattern));
  await until(page, async () => (await shown()).length > 0 && !(await shown()).includes(template), "it is left out");
  await page.goBack();
  await page.goBack();
  await visible(page.locator(LINE), "Back leads to the lines");
}

/** LogQL in the search field narrows the list; a fault in it is said in words. */
export async function useLogQL(page) {
  const box = page.getByLabel("Text that the lines contain");
  const before = await box.inputValue();
  await box.fill('{service=~".+"} |= ');
  await visible(page.locator("[data-logql]"), "LogQL has its editor"); // which takes the field's place
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

/** LogQL is completed from the labels and values that the lines have; all by keyboard, none of it a shortcut. */
export async function writeLogQL(page, out) {
  const box = page.getByLabel("Text that the lines contain");
  const option = (name) => page.getByRole("option", { name, exact: true });
  const before = await box.inputValue();
  await box.fill("");
  await page.keyboard.press("{");
  await visible(option("level"), "the labels are offered");
  check((await page.locator("[data-logql]").count()) === 1, "LogQL has its editor");
  await page.keyboard.type('level="e');
  await visible(option("error"), "the values of the label are offered");
  await checkAccessible(page, "the LogQL editor");
  await page.screenshot({ path: `${out}/logql.png` });
  await page.keyboard.press("Tab");
  const text = async () => (await box.innerText()).trimEnd();
  await until(page, async () => (await text()) === '{level="error"', "Tab takes the value, with its quotes");
  await page.keyboard.type("} | drop gt?");
  await page.keyboard.press("Shift+Enter");
  check(!new URL(page.url()).searchParams.has("query"), "nothing is run, and no key is a shortcut of the page");
  check((await page.locator("dialog, [role=dialog]").count()) === 0, "? is text in the editor");
  for (let left = " | drop gt?\n".length; left > 0; left--) await page.keyboard.press("Backspace");
  await page.keyboard.press("Control+Enter");
  await until(page, () => new URL(page.url()).searchParams.get("query") === '{level="error"}', "the query is in the address");
  await visible(page.locator(LINE), "it finds lines");
  await composeText(page, box, text);
  await page.keyboard.press("Escape");
  check(await page.evaluate(() => document.activeElement === document.body), "Escape leaves the editor");
  await page.keyboard.press("/");
  check(await box.evaluate((content) => content.getRootNode().activeElement === content), "/ goes to the editor");
  await box.fill(before);
  await box.press("Enter");
  await until(page, () => !new URL(page.url()).searchParams.has("query"), "plain text takes the query's place");
}

/** What an input method composes is in the query once, as it was chosen; then it is taken out again. */
async function composeText(page, box, text) {
  const written = await text();
  await page.keyboard.type(' |= "');
  await page.keyboard.press("Escape"); // of what is offered, if anything
  await box.focus();
  const keys = await page.context().newCDPSession(page);
  for (const part of ["n", "に", "にほ", "にほん"]) {
    await keys.send("Input.imeSetComposition", { text: part, selectionStart: part.length, selectionEnd: part.length });
  }
  await keys.send("Input.insertText", { text: "日本" });
  await keys.detach();
  await until(page, async () => (await text()) === `${written} |= "日本"`, "a composed text is written once");
  await page.keyboard.press("Control+Enter");
  await until(page, () => new URL(page.url()).searchParams.get("query") === `${written} |= "日本"`, "and is run");
  await page.keyboard.press("End");
  for (let left = ' |= "日本"'.length; left > 0; left--) await page.keyboard.press("Backspace");
  await page.keyboard.press("Control+Enter");
  await until(page, () => new URL(page.url()).searchParams.get("query") === written, "the query is as it was");
}

/** Text that is typed is offered as a filter, which the arrows and Enter take. */
export async function takeSuggestion(page) {
  const box = page.getByLabel("Text that the lines contain");
  await box.fill("");
  await box.pressSequentially("backe");
  await visible(page.getByRole("option").filter({ hasText: "backend" }), "a service with the text in its name is offered");
  await until(page, () => new URL(page.url()).searchParams.get("q") === "backe", "the lines are searched meanwhile");
  await checkAccessible(page, "what the search field offers");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const filters = () => new URL(page.url()).searchParams;
  await until(page, () => filters().getAll("service").length === 1 && !filters().has("q"), "it becomes a filter");
  await page.getByRole("list", { name: "Filters in force" }).getByRole("button").first().click();
  await until(page, () => !filters().has("service"), "and is taken out again");
}

/** Of a second with more lines than a page the list says how many there are more, passes by them, and loads them where they are. */
export async function passFlood(page, base) {
  await page.goto(new URL("lines?service=nginx&q=flood", base).href);
  await visible(page.locator(LINE), "the lines of the flood are listed");
  const grid = page.locator("[role=treegrid]");
  const scroll = (to) => grid.evaluate((list, end) => list.parentElement.scrollTo(0, end ? list.parentElement.scrollHeight : 0), to);
  const rows = async () => Number(await grid.getAttribute("aria-rowcount"));
  await scroll(true);
  await visible(page.locator('[data-more="300"]'), "the list says how many lines more the second has");
  const before = await rows();
  await page.getByRole("button", { name: "Go on before it" }).click();
  const gap = grid.locator("[data-more]");
  await visible(gap, "the second stays in the list as a gap");
  const more = async (message) => {
    const old = await rows();
    await gap.getByRole("button", { name: "Load" }).click();
    await until(page, async () => (await rows()) !== old, message);
    await scroll(true);
  };
  await more("the gap is loaded where it is");
  await visible(page.locator('[data-more="100"]'), "and says how many are left");
  await more("the rest is loaded");
  await until(page, async () => (await rows()) === before + 300 && (await gap.count()) === 0, "every line is there once, and no gap");
  await page.goto(new URL("lines", base).href);
  await visible(page.locator(LINE), "the lines of everything are listed again");
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
