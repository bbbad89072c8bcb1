// Several issues at once, and what the filters of the list find.

import { check, until, visible } from "./expect.mjs";

const ISSUE = "[data-issue]";

/** Chosen issues are assigned, snoozed, resolved and reopened together; the filters find them. */
export async function actOnSeveral({ page, base, user }) {
  await page.goto(new URL("issues?sort=first", base).href);
  await visible(page.locator(ISSUE).nth(2), "issues are listed");
  const ids = await page.locator(ISSUE).evaluateAll((rows) => rows.slice(0, 3).map((row) => row.dataset.issue));
  const choose = async () => {
    for (const id of ids) await page.getByLabel(`Choose issue ${id}`, { exact: true }).check();
    await visible(page.getByText("3 chosen"), "three issues are chosen");
  };
  const all = (word, message) => until(page, async () => {
    const rows = await Promise.all(ids.map((id) => page.locator(`[data-issue="${id}"]`).innerText()));
    return rows.every((row) => row.includes(word));
  }, message);
  await choose();
  await page.getByRole("button", { name: "Assign", exact: true }).click();
  await page.getByRole("menuitem", { name: `To me (${user})` }).click();
  await all(`→ ${user}`, "all three are assigned");
  await choose();
  await page.getByRole("button", { name: "Snooze", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Snooze" }).click();
  await all("snoozed", "all three are snoozed");
  await choose();
  await page.getByRole("button", { name: "Resolve", exact: true }).click();
  await all("resolved", "all three are resolved");
  await page.getByRole("button", { name: "mine" }).click();
  await until(page, async () => page.url().includes("assignee=") && (await page.locator(ISSUE).count()) >= 3, "the filter “mine” finds them");
  await page.getByRole("button", { name: "mine" }).click();
  await choose();
  await page.getByRole("button", { name: "Reopen", exact: true }).click();
  await until(page, async () => (await page.getByText("3 chosen").count()) === 0, "the choice is over");
  await page.reload();
  await visible(page.locator(ISSUE), "issues are listed");
  await until(page, async () => !(await page.locator(`[data-issue="${ids[0]}"]`).innerText()).includes("resolved"), "they are open again");
  await page.getByLabel("Choose all that are loaded").check();
  const count = await page.locator(ISSUE).count();
  await visible(page.getByText(/^\d+ chosen$/), "all that are loaded are chosen");
  check(Number((await page.getByText(/^\d+ chosen$/).innerText()).split(" ")[0]) >= count, "no fewer than are shown");
  await page.getByRole("button", { name: "Choose none" }).click();
  await until(page, async () => (await page.getByText(/chosen$/).count()) === 0, "none is chosen");
}
