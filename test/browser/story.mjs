// The story of a request, from a line that carries its id, and the palette.

import { checkAccessible } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";

/** A line leads to the story of its request; the picture and the keys lead to its lines; an unknown id says what to do. */
export async function tellStory(page, base) {
  await page.goto(new URL("lines?q=correlation_id&start=now-30d", base).href);
  await (await visible(page.locator("[data-line]"), "lines with a correlation id are found")).click();
  await (await visible(page.getByRole("link", { name: "Its request" }), "an open line links to its request")).click();
  const title = await visible(page.locator("h1[data-story]"), "the story says how many lines it has");
  check(Number(await title.getAttribute("data-story")) > 0, "the story has lines");
  const own = page.locator("[data-told=own]");
  await page.locator("[data-lane] button").first().click();
  const focused = () => page.evaluate(() => document.activeElement?.id ?? "");
  check((await focused()).startsWith("story-"), "a point of the picture leads to its line");
  await title.click();
  await page.keyboard.press("j");
  check((await focused()) === (await own.first().getByRole("button").getAttribute("id")), "j goes to the first line");
  await page.keyboard.press("Enter");
  await visible(own.first().getByRole("button", { name: "Copy line" }), "Enter opens the line in place");
  const told = page.url();
  await page.getByLabel("Correlation id or request id").fill("nobody-has-this");
  await page.keyboard.press("Enter");
  await visible(page.getByText("No line carries this id"), "an id that no line carries is said to be so");
  await visible(page.getByText("log_format story"), "what makes nginx write the id is shown");
  await page.getByRole("button", { name: "Look in the last 7 days" }).click();
  await until(page, () => page.url().includes("now-7d"), "a longer range is in the address");
  return new URL(told).pathname.split("/").at(-1) + new URL(told).search;
}

/** Ctrl-K opens the palette, also out of a field; words, arrows and Enter lead to a view, a time and a request. */
export async function usePalette(page, base, out) {
  await page.goto(new URL("lines", base).href);
  await visible(page.locator("[role=treegrid]"), "the logs are shown");
  await page.keyboard.press("/");
  const field = page.getByRole("combobox", { name: "Search or jump" });
  await page.keyboard.press("Control+k");
  await visible(field, "Ctrl-K opens the palette out of a field");
  await visible(page.locator("[data-command^='service ']"), "services are offered");
  await checkAccessible(page, "the palette");
  await page.screenshot({ path: `${out}/palette.png` });
  await page.keyboard.type("iss");
  await page.keyboard.press("Enter");
  await visible(page.locator("[data-issue]"), "“iss” and Enter lead to the issues");
  await page.keyboard.press("Control+k");
  await visible(field, "the palette opens again");
  await page.keyboard.type("exception");
  await visible(page.locator("[data-command^='issue ']"), "issues are found");
  await page.keyboard.press("Escape");
  await until(page, async () => !(await field.count()), "Escape closes the palette");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("15 min");
  await page.keyboard.press("Enter");
  await until(page, () => page.url().includes("now-15m"), "a time is chosen");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("1f734a8c-4961-487b-abbe-a241d4e3a838");
  await page.keyboard.press("Enter");
  await visible(page.locator("h1[data-story]"), "an id leads to the story of its request");
}

/** A search is saved under a name, found in the palette, and deleted. */
export async function saveSearch(page, base, out) {
  await page.goto(new URL("lines?level=error", base).href);
  await page.getByRole("button", { name: "Saved searches" }).click();
  const dialog = page.getByRole("dialog", { name: "Saved searches" });
  await visible(dialog, "the saved searches open");
  await dialog.getByLabel("Name of this search").fill("Errors of all");
  await page.keyboard.press("Enter");
  await visible(dialog.locator("[data-search-saved]", { hasText: "Errors of all" }), "the search is saved");
  await checkAccessible(page, "the saved searches");
  await page.screenshot({ path: `${out}/searches.png` });
  await page.keyboard.press("Escape");
  await page.goto(base);
  await visible(page.locator("[data-verdict]"), "the overview is shown");
  await page.keyboard.press("Control+k");
  await visible(page.locator("[data-command^='search ']"), "the palette has the saved search");
  await page.keyboard.type("errors of");
  await page.keyboard.press("Enter");
  await until(page, () => /lines\?level=error/.test(page.url()), "the saved search opens");
  await page.getByRole("button", { name: "Saved searches" }).click();
  await dialog.getByRole("button", { name: "Delete Errors of all" }).click();
  await until(page, async () => !(await dialog.locator("[data-search-saved]").count()), "the search is deleted");
  await page.keyboard.press("Escape");
}
