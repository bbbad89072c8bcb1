// The story of a request, from a line that carries its id.

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
