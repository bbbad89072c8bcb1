// What people show each other: links to what is seen, snapshots, the zone of times; and the keys for it.

import { checkAccessible, checkNoOverflow } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";

const LINE = "[data-line]";

/** Times change their zone at once and everywhere, for the next visit too; a link says which zone it means. */
export async function switchZone(page, base) {
  const browser = await page.context().newCDPSession(page);
  await browser.send("Emulation.setTimezoneOverride", { timezoneId: "America/New_York" });
  await page.goto(new URL("lines?start=now-30d", base).href);
  const id = await (await visible(page.locator(LINE), "lines are shown")).getAttribute("data-line");
  const row = page.locator(`[data-line="${id}"]`);
  const clock = async () => ((await row.count()) ? row.locator("[role=gridcell]").first().textContent() : "");
  const local = await clock();
  const isUtc = async () => hours(local, await clock()) >= 4;
  await row.hover();
  await visible(row.locator("[title*='UTC−']"), "a time says how far it is from UTC");
  await page.getByRole("button", { name: /^User / }).click();
  await (await visible(page.getByRole("menuitem", { name: "Times in UTC" }), "the user's menu opens")).click();
  await until(page, isUtc, "the times change to UTC");
  await visible(page.getByRole("button", { name: /Last 30 days UTC/ }), "the range says that times are in UTC");
  await page.reload();
  await until(page, isUtc, "the choice is kept for the next visit");
  await page.keyboard.press("Control+k");
  await visible(page.getByRole("combobox", { name: "Search or jump" }), "the palette opens");
  await page.keyboard.type("my own zone");
  await page.keyboard.press("Enter");
  await until(page, async () => (await clock()) === local, "the palette changes the zone back");
  await page.goto(new URL("lines?start=now-30d&tz=utc", base).href);
  await until(page, isUtc, "a link with tz=utc shows UTC");
  await browser.send("Emulation.setTimezoneOverride", { timezoneId: "" });
  await browser.detach();
}

/** How many hours the second clock is ahead of the first; 0 without one. */
function hours(first, second) {
  if (second === "") return 0;
  const hour = (clock) => Number(clock.slice(0, 2));
  return (hour(second) - hour(first) + 24) % 24;
}

/** e shows errors only, c the lines around the line that j leads to; neither does while one types. */
export async function useMoreKeys(page, base) {
  await page.goto(new URL("lines?start=now-30d", base).href);
  await visible(page.locator(LINE), "lines are shown");
  await page.keyboard.press("e");
  await until(page, () => page.url().includes("level=error"), "e shows errors only");
  await page.keyboard.press("e");
  await until(page, () => !page.url().includes("level="), "e again shows all levels");
  await page.keyboard.press("/");
  await page.keyboard.type("ec");
  check(!page.url().includes("level="), "a key in the search field is a letter");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Escape");
  await until(page, () => !page.url().includes("q="), "the search is empty again");
  await visible(page.locator(LINE), "lines are shown again");
  await page.keyboard.press("j");
  await page.keyboard.press("c");
  await visible(page.locator("[data-context] [aria-current]"), "c shows the context of the line");
  await page.keyboard.press("c");
  await until(page, async () => !(await page.locator("[data-context]").count()), "c again hides it");
}

/** s gives a link to exactly what is seen, with the line that is open; followed, it shows that. */
export async function shareView(page, base, out) {
  await page.goto(new URL("lines?start=now-30d&wrap=1", base).href);
  const row = await visible(page.locator(LINE), "lines are shown");
  const line = await row.getAttribute("data-line");
  await row.click();
  await until(page, () => new URL(page.url()).searchParams.get("line") === line, "the open line is in the address");
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog", { name: "Share this view" });
  const link = () => dialog.getByLabel("The link", { exact: true }).inputValue();
  await visible(dialog, "s opens the dialog");
  await checkAccessible(page, "sharing");
  await page.screenshot({ path: `${out}/share.png` });
  const fixed = new URL(await link());
  check(/Z$/.test(fixed.searchParams.get("start")) && fixed.searchParams.get("line") === line, "the link has a closed range and the line");
  await dialog.getByLabel("Always the last 30 days").check();
  check(new URL(await link()).searchParams.get("start") === "now-30d", "the other link is always of the newest");
  await page.keyboard.press("Escape");
  await page.goto(fixed.href);
  await visible(page.locator(`[data-line="${line}"][aria-expanded=true]`), "the link shows the line open");
}

/** Logs, an event and a story are frozen, shown as they were, narrowed, listed and deleted. */
export async function freeze(page, base, out, { issue, story }) {
  await page.goto(new URL("lines?start=now-30d", base).href);
  await visible(page.locator(LINE), "lines are shown");
  const logs = await freezeNow(page, "The logs of a test");
  await page.goto(logs);
  await visible(page.locator("[data-frozen]", { hasText: /Frozen .* by admin, .* lines/ }), "the snapshot says what it is");
  await visible(page.locator(LINE), "the snapshot has the lines");
  check(new URL(page.url()).searchParams.has("start"), "a bare address of a snapshot takes up the view");
  await checkAccessible(page, "a snapshot");
  await page.screenshot({ path: `${out}/snapshot.png` });
  await page.keyboard.press("/");
  await page.keyboard.type("no line says this");
  await page.keyboard.press("Enter");
  await visible(page.getByText("No line that is kept fits"), "a snapshot is searched by itself");
  await page.getByRole("button", { name: "Show all" }).click();
  await visible(page.locator(LINE), "and shown whole again");

  await page.goto(new URL(`issues/${issue}`, base).href);
  await visible(page.locator("[data-issue-verdict]"), "the issue is shown");
  await page.getByRole("button", { name: "Share this view" }).click();
  await page.goto(await freezeOpen(page, "The failure of a test"));
  await visible(page.locator("[data-frozen]"), "the frozen issue is shown");
  await visible(page.locator("section[aria-label='The event'] dt", { hasText: "group" }), "with its event");
  await page.goto(new URL(story, base).href);
  await visible(page.locator("h1[data-story]"), "the story is shown");
  await page.goto(await freezeNow(page, "The request of a test"));
  await visible(page.locator("[data-told=own]"), "the frozen story has its lines");

  await page.goto(new URL("snapshots", base).href);
  await visible(page.locator("[data-snapshot]", { hasText: "The logs of a test" }), "the list has what was frozen");
  await checkAccessible(page, "the snapshots");
  await page.setViewportSize({ width: 380, height: 800 });
  await checkNoOverflow(page, "the list of snapshots");
  await page.screenshot({ path: `${out}/snapshots-phone.png` });
  await page.setViewportSize({ width: 1280, height: 800 });
  for (const title of ["The logs of a test", "The failure of a test", "The request of a test"]) {
    await page.getByRole("button", { name: `Delete ${title}` }).click();
    await page.getByRole("button", { name: "Delete for good" }).click();
    await until(page, async () => !(await page.getByText(title).count()), `${title} is deleted`);
  }
  await page.goto(logs);
  await visible(page.getByText("there is no such snapshot"), "a deleted snapshot is said to be gone");
}

/** Freezes what is seen, by the key; returns the link. */
async function freezeNow(page, title) {
  await page.keyboard.press("s");
  return freezeOpen(page, title);
}

async function freezeOpen(page, title) {
  const dialog = page.getByRole("dialog", { name: "Share this view" });
  await dialog.getByLabel("Title of the snapshot").fill(title);
  await dialog.getByRole("button", { name: "Freeze", exact: true }).click();
  const link = await visible(dialog.getByRole("link", { name: title }), `${title}: frozen`);
  return link.evaluate((element) => element.href);
}
