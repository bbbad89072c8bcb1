// A metric query of LogQL, from its first letter to the lines behind its values.

import { check, until, visible } from "./expect.mjs";

const QUERY = 'sum by (level) (count_over_time({service=~".+"} [5m]))';

/** A query that is typed is drawn, with a table; a fault is said; its lines are a click away. */
export async function drawMetric({ page, base, errors }) {
  await page.goto(new URL("lines", base).href);
  await visible(page.locator("[data-line]"), "the lines are listed");
  const box = page.getByLabel("Text that the lines contain");
  const query = () => new URL(page.url()).searchParams.get("query");
  await box.fill("");
  await box.pressSequentially("count_ov");
  await page.getByRole("option").filter({ hasText: "count_over_time" }).click();
  await visible(page.locator("[data-logql]"), "a function that is offered becomes a query in the editor");
  await ask(page, QUERY);
  await until(page, () => query() === QUERY, "the query is in the address");
  await visible(page.locator("figure canvas"), "it is drawn");
  const series = page.locator("[data-series]");
  await visible(series.filter({ hasText: "level=error" }), "a series of each level is in the table");
  const numbers = await series.first().locator("td").allInnerTexts();
  check(numbers.length === 4 && Number.parseFloat(numbers[2]) > 0, `it has its last, least, highest and mean value, not ${numbers}`);
  check((await page.locator("[data-line], [aria-label='Lines over time']").count()) === 0, "no lines are listed or counted");
  check((await page.getByRole("switch", { name: "Live tail" }).getAttribute("aria-disabled")) === "true", "values have no live tail");
  await drawAlone(page, series);
  await zoom(page);
  await page.goBack();
  await ask(page, `${QUERY}) * 2`);
  await visible(page.getByRole("alert").getByText("Loki does not understand the query"), "a fault in it is said");
  errors.splice(0, errors.length, ...errors.filter((text) => !/status of 400/.test(text))); // the console says it too
  await ask(page, `${QUERY} > 1e9`);
  await visible(page.getByText("No data"), "no value is not 0");
  await page.getByRole("button", { name: "Show the lines behind it" }).click();
  await until(page, () => query() === '{service=~".+"}', "the lines behind it have a query of their own");
  await visible(page.locator("[data-line]"), "they are listed");
}

/** Writes a query into the empty field, where it becomes LogQL, and runs it. */
async function ask(page, query) {
  await page.getByRole("button", { name: "Clear the search" }).click();
  const box = page.getByLabel("Text that the lines contain");
  await box.fill(query);
  await visible(page.locator("[data-logql]"), `${query} has the editor`);
  await box.press("Enter");
}

async function drawAlone(page, series) {
  const button = series.filter({ hasText: "level=error" }).getByRole("button");
  await button.click();
  await visible(page.getByRole("figure", { name: "The values of 1 series over time" }), "a chosen series is drawn alone");
  await button.click();
  await until(page, async () => (await page.getByRole("figure", { name: "The values of 1 series over time" }).count()) === 0, "and with the others again");
}

async function zoom(page) {
  const box = await page.locator("figure .u-over").boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 5 });
  await page.mouse.up();
  await until(page, () => new URL(page.url()).searchParams.has("end"), "a drag over the chart zooms");
  await visible(page.locator("[data-series]"), "the table is of the part");
}
