// What a person does with issues, each step with what must be seen.

import { check, until, visible } from "./expect.mjs";
import { go } from "./steps.mjs";

const ISSUE = "[data-issue]";

/** The overview lists the issues that need a look; one opens, and Back leads to the overview. */
export async function openNewIssue(page) {
  const link = page.locator("[data-new-issues] > li a");
  await visible(link, "the overview lists new and regressed issues");
  await link.first().click();
  await visible(page.locator("[data-issue-verdict]"), "an issue of the overview opens");
  await page.goBack();
  await visible(page.locator("[data-verdict]"), "Back leads to the overview");
}

/**
 * Issues by the keyboard: one with a traceback is found, explained and opened; each of its tabs is seen; it is assigned,
 * commented, snoozed, resolved, found by its state and reopened. Returns its number.
 */
export async function useIssues(page, user) {
  await page.locator("main").click({ position: { x: 1, y: 1 } });
  await go(page, "i", page.locator(ISSUE), "g i lists the issues");
  check(/ new .*came back/.test(await page.locator("h1").innerText()), "the list says first what is new and what came back");
  await page.keyboard.press("/");
  await page.getByLabel("Words of title, message and frames").fill("traceback");
  await page.keyboard.press("Enter");
  await until(page, () => page.url().includes("q=traceback"), "the words are in the address");
  await visible(page.locator(ISSUE), "issues with a traceback are found");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  const id = await (await visible(page.locator(`${ISSUE}[aria-current=true]`), "j selects an issue")).getAttribute("data-issue");
  await page.getByLabel(`Why issue ${id} is one`).focus();
  await page.keyboard.press("Enter");
  await visible(page.getByText("One issue, because"), "the info mark explains the grouping");
  await page.keyboard.press("Escape");
  await page.locator("h1").click();
  await page.keyboard.press("Enter");
  await visible(page.locator("[data-issue-verdict]"), "Enter opens the issue");
  await seeTabs(page);
  await act(page, user);
  await page.getByRole("link", { name: "All issues" }).click();
  await page.getByRole("button", { name: /^resolved/ }).click();
  await visible(page.locator(`[data-issue="${id}"]`), "the issue is among the resolved ones");
  await page.getByLabel(`Choose issue ${id}`).check();
  await page.getByRole("button", { name: "Reopen" }).click();
  await visible(page.getByText(`Issue ${id} reopened`), "a chosen issue is reopened");
  return id;
}

async function tab(page, name) {
  await page.getByRole("navigation", { name: "Parts of the issue" }).getByRole("link", { name }).click();
}

async function seeTabs(page) {
  const trace = await visible(page.locator("[data-traceback]"), "the traceback is shown as code");
  check((await trace.innerText()).includes("Traceback (most recent call last)"), "the traceback says its order");
  const open = trace.getByRole("button", { name: "Open library frames" });
  if (await open.count()) {
    await open.click();
    await visible(trace.locator("details[open]"), "the frames of libraries open");
  }
  await tab(page, "Occurrences");
  await visible(page.locator("figure canvas"), "the occurrences are drawn over time");
  const event = await visible(page.locator("[data-event]"), "the events are listed");
  await event.getByRole("button").click();
  await event.getByRole("link", { name: "Around it" }).click();
  await visible(page.getByRole("region", { name: "Nearby" }), "the lines around an event are shown");
  await visible(page.locator("[data-around]").or(page.getByText("No other service logged")), "lines of other services are shown, or that there are none");
  check(/line=\d+-/.test(page.url()), "the address names the event");
  await tab(page, "Grouping");
  await visible(page.getByRole("list", { name: "Groups" }).getByRole("listitem"), "the issue names its groups");
  await tab(page, "History");
  await visible(page.locator("[data-change=created]"), "the history begins with the first event");
}

async function act(page, user) {
  await page.getByLabel("Comment").fill("looked at in a browser");
  await page.getByRole("button", { name: "Comment" }).click();
  await visible(page.locator("[data-change=comment]", { hasText: "looked at in a browser" }), "the comment is in the history");
  await page.getByRole("button", { name: "Assign", exact: true }).click();
  await page.getByRole("menuitem", { name: `To me (${user})` }).click();
  await visible(page.locator("[data-change=assigned]", { hasText: user }), "the issue is assigned");
  await page.locator("h1").click();
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog", { name: "Snooze 1 issue" });
  await visible(dialog, "s asks how long to snooze");
  await dialog.getByLabel("Until there are more events").check();
  await dialog.getByRole("button", { name: "Snooze" }).click();
  await visible(page.locator("[data-issue-verdict=snoozed]", { hasText: "or 100 more events" }), "the issue is snoozed until one of two conditions");
  await page.locator("h1").click();
  await page.keyboard.press("r");
  await visible(page.locator("[data-issue-verdict=resolved]"), "r resolves the issue");
}

/** Two chosen issues become one by the keyboard; its page takes the group out again. */
export async function mergeAndUnmerge(page) {
  const clear = page.getByRole("button", { name: /^resolved/ });
  await clear.click();
  await until(page, () => !page.url().includes("state="), "the filter of the state is taken away");
  await visible(page.locator(ISSUE).nth(1), "there are two issues");
  const ids = await page.locator(ISSUE).evaluateAll((rows) => rows.slice(0, 2).map((row) => Number(row.dataset.issue)));
  for (const id of ids) await page.getByLabel(`Choose issue ${id}`).check();
  await page.getByRole("button", { name: "Merge" }).click();
  const dialog = await visible(page.getByRole("dialog", { name: "Merge these issues" }), "it is asked into which issue they are merged");
  await page.keyboard.press("Enter");
  const into = Math.min(...ids);
  await visible(page.getByText(`merged into issue ${into}`), "Enter merges them into the oldest");
  check(!(await dialog.isVisible()), "the dialog is closed");
  await page.locator(`[data-issue="${into}"] a`).click();
  await tab(page, "Grouping");
  const groups = page.getByRole("list", { name: "Groups" }).getByRole("listitem");
  await until(page, async () => (await groups.count()) >= 2, "the issue has the groups of both");
  const before = await groups.count();
  await page.getByRole("button", { name: /^Unmerge/ }).last().click();
  await until(page, async () => (await groups.count()) === before - 1, "unmerge takes a group out");
}
