// What a person does with issues, each step with what must be seen.

import { checkAccessible } from "./browser.mjs";
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
  check(/ new\b.*came back/.test(await page.locator("h1").innerText()), "the list says first what is new and what came back");
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
  await visible(page.getByRole("status").getByRole("link", { name: /^issue \d+$/ }), "it is said which issue the group is now");
}

/**
 * A frame leads to the issues that call it, with Alt to the others; words and filters are typed together; the search is
 * saved by the star, on a phone too; a rule has it, and it is kept until the rule is gone.
 */
export async function filterIssues(page, base, id, out) {
  const params = () => new URL(page.url()).searchParams;
  const chips = page.getByRole("list", { name: "Filters in force" });
  await page.goto(new URL(`issues/${id}?start=now-30d`, base).href);
  const frame = page.locator("[data-traceback] a:visible").last();
  await visible(frame, "the frames of a traceback are links");
  const name = await frame.innerText();
  await frame.click();
  await visible(page.locator(`[data-issue="${id}"]`), "a frame leads to the issues that call it");
  check(params().get("frame") === name, "the frame is in the address");
  await page.goBack();
  await frame.click({ modifiers: ["Alt"] });
  await until(page, () => params().get("frame") === `!${name}`, "Alt-click leaves out the issues that call it");
  await until(page, async () => !(await page.locator(`[data-issue="${id}"]`).count()), "the issue itself is left out");
  await chips.getByRole("button", { name }).click();
  await until(page, () => !params().has("frame"), "its chip takes the filter away");
  const box = page.getByLabel("Words of title, message and frames");
  await box.fill(`frame:${name} -service:nobody odd:word`);
  await page.keyboard.press("Enter");
  await visible(chips.getByText("nobody"), "filters that were typed become chips");
  check((await box.inputValue()) === "odd:word", "what is no filter stays a word");
  await box.fill("");
  await page.keyboard.press("Enter");
  await visible(page.locator(`[data-issue="${id}"]`), "the issue fits the filters");
  await page.getByRole("button", { name: "What can be searched for" }).click();
  await visible(page.getByText("a function in its tracebacks"), "the syntax is explained");
  await checkAccessible(page, "the help of the search");
  await page.screenshot({ path: `${out}/issue-search.png` });
  await page.keyboard.press("Escape");
  await keepSearch(page, base);
}

async function keepSearch(page, base) {
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: 380, height: 800 });
  await page.getByRole("button", { name: "Saved searches" }).click();
  const dialog = page.getByRole("dialog", { name: "Saved searches" });
  await dialog.getByLabel("Name of this search").fill("Issues of a frame");
  await page.keyboard.press("Enter");
  const saved = dialog.locator("[data-search-saved]", { hasText: "Issues of a frame" });
  await visible(saved, "the star saves the search of issues, on a phone too");
  await page.setViewportSize({ width, height });
  await page.goto(new URL("settings/notifications", base).href);
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByLabel("Name").fill("Frames");
  await page.getByLabel("Listed by the saved search").selectOption({ label: "Issues of a frame" });
  await page.getByRole("button", { name: "Save" }).click();
  await visible(page.getByText("listed by “Issues of a frame”"), "a rule has the saved search");
  await page.goto(new URL("issues", base).href);
  await page.getByRole("button", { name: "Saved searches" }).click();
  await dialog.getByRole("button", { name: "Delete Issues of a frame" }).click();
  await visible(dialog.getByText("Frames"), "a search that a rule has is not deleted, and the rule is named");
  await page.goto(new URL("settings/notifications", base).href);
  await page.getByRole("button", { name: "Change Frames" }).click();
  await page.getByRole("button", { name: "Delete …" }).click();
  await page.getByRole("button", { name: "Delete it for good" }).click();
  await page.goto(new URL("issues", base).href);
  await page.getByRole("button", { name: "Saved searches" }).click();
  await dialog.getByRole("button", { name: "Delete Issues of a frame" }).click();
  await until(page, async () => !(await saved.count()), "without the rule the search is deleted");
  await page.keyboard.press("Escape");
}
