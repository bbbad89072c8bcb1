import { checkAccessible, checkNoOverflow } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";
import { go } from "./steps.mjs";

/** The usage says what is logged, a service shows its levels and patterns, and a pattern the stage that makes it less. */
export async function seeUsage(page, base, out) {
  await page.goto(base);
  await visible(page.locator("[data-verdict]"), "the overview is shown");
  await go(page, "u", page.locator("h1[data-usage]"), "g u leads to the usage");
  await until(
    page,
    async () => Number(await page.locator("h1[data-usage]").getAttribute("data-usage")) > 0,
    "bytes are counted",
    90_000,
  );
  check((await page.locator("[data-day-state=so_far]").count()) === 1, "today is marked as not over");
  await page.getByRole("slider", { name: "Day" }).focus();
  await page.keyboard.press("End");
  await visible(page.locator("[data-day]", { hasText: "so far" }), "the arrows show a day");
  await page.getByRole("button", { name: "30 days" }).click();
  await until(page, async () => (await page.locator("[data-day-state]").count()) === 30, "30 days are shown");
  check(page.url().includes("days=30"), "the days are in the address");
  await page.getByRole("button", { name: "Lines", exact: true }).click();
  await visible(page.locator("h1", { hasText: "lines" }), "lines are told");

  await page.locator("tbody[data-service] button").first().click();
  await visible(page.locator("tr[data-level]"), "the levels of a service are shown");
  await visible(page.locator("h2", { hasText: "Noisiest patterns of" }), "its patterns are asked for");
  await page.getByRole("button", { name: "All services" }).click();
  await visible(page.locator("[data-noise]"), "patterns are shown");
  await page.getByRole("button", { name: "Have less" }).first().click();
  await visible(page.locator("pre", { hasText: "sampling:" }), "the stage that thins a pattern is shown");
  await page.getByRole("button", { name: "Drop all" }).click();
  await visible(page.locator("pre", { hasText: "action: drop" }), "the stage that drops a pattern is shown");
  await checkAccessible(page, "the usage");
  await page.screenshot({ path: `${out}/usage.png`, fullPage: true });
  await page.setViewportSize({ width: 380, height: 800 });
  await checkNoOverflow(page, "the usage");
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.locator("[data-noise]").getByRole("link", { name: "Lines" }).first().click();
  await visible(page.locator("[role=treegrid]"), "a pattern leads to its lines");
}
