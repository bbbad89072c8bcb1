// Text from right to left: Hebrew and Arabic run as they are read, and the columns beside them stay where they are.

import { check, until, visible } from "./expect.mjs";

const HEBREW = "הודעה חדשה";
const ARABIC = "رسالة جديدة";
const TITLE = "המשחק כבר מלא!";

/** The direction in which the text runs: that of the nearest element with dir. */
function direction(locator) {
  return locator.evaluate((element) => getComputedStyle(element.closest("[dir]") ?? element).direction);
}

/** Lines: the message runs right to left, the other columns are where they are in every line. */
export async function seeLines({ page, base }) {
  await page.goto(new URL("lines?service=chat", base).href);
  const row = (text) => page.locator("[data-line]", { hasText: text });
  for (const text of [HEBREW, ARABIC]) {
    const line = await visible(row(text), `the line with “${text}” is shown`);
    check((await direction(line.getByText(text).first())) === "rtl", `“${text}” runs right to left`);
  }
  const places = (line) => line.locator("[role=gridcell]").evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().left)));
  const latin = await places(row("joins a game").first());
  check(String(await places(row(HEBREW).first())) === String(latin), "the columns of a Hebrew line are where those of others are");
  await row(HEBREW).first().click();
  const opened = page.locator("pre", { hasText: HEBREW });
  await visible(opened, "the open line has the text");
  check((await direction(opened.first())) === "rtl", "the open line runs right to left");
}

/** A search in Hebrew: the field runs right to left, what is found is marked. */
export async function search({ page, base }) {
  await page.goto(new URL("lines?service=chat", base).href);
  await visible(page.locator("[data-line]"), "lines are shown");
  await page.keyboard.press("/");
  await page.keyboard.type(HEBREW);
  const field = page.getByLabel("Text that the lines contain");
  check((await direction(field)) === "rtl", "the field runs right to left");
  check((await field.evaluate((input) => input.selectionStart)) === HEBREW.length, "the caret is behind what was typed");
  await page.keyboard.press("Enter");
  await until(page, () => new URL(page.url()).searchParams.get("q") === HEBREW, "the text is in the address");
  await until(page, async () => (await page.locator("[data-line]").count()) === 1, "one line is found");
  check((await page.locator("[data-line] mark").innerText()) === HEBREW, "the hit is marked");
}

/** An issue with a Hebrew title: in the list and at the head of its page. */
export async function seeIssue({ page, base }) {
  await page.goto(new URL("issues?service=chat", base).href);
  const title = await visible(page.locator("[data-issue] a", { hasText: TITLE }), "the issue is listed");
  check((await direction(title)) === "rtl", "its title runs right to left");
  const left = (element) => element.evaluate((one) => Math.round(one.getBoundingClientRect().left));
  const rows = page.locator("[data-issue] > div > div:nth-of-type(1)");
  check((await left(rows.first())) === (await left(rows.last())), "the title stands where others do");
  await title.click();
  const head = await visible(page.locator("h1", { hasText: TITLE }), "the page of the issue opens");
  check((await direction(head)) === "rtl", "the head runs right to left");
}

/** A request's story and patterns. */
export async function seeStoryAndPatterns({ page, base, known }) {
  await page.goto(new URL(known.story, base).href);
  const line = await visible(page.locator("[data-told]", { hasText: TITLE }), "the story has the line");
  check((await direction(line.getByText(TITLE))) === "rtl", "the line runs right to left");
  await page.goto(new URL("lines?service=chat&show=patterns", base).href);
  const pattern = page.locator("[data-pattern]", { hasText: "הצטרף" });
  await visible(pattern, "the pattern of Hebrew lines is listed");
  check((await pattern.count()) === 1, `lines that differ in a number are one pattern, not ${await pattern.count()}`);
  check((await direction(pattern.getByText("הצטרף"))) === "rtl", "the pattern runs right to left");
}
