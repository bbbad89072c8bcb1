// The page on a phone, by touch alone.

import { checkAccessible, checkNoOverflow, openBrowser, watchErrors } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";
import { smallTargets } from "./touch.mjs";
import { listViews, openView } from "./views.mjs";

const PHONE = { viewport: { width: 380, height: 800 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

/** Gives the function a page of a phone with the session of the other browser. */
async function onPhone({ context, chromium, out }, use) {
  const phone = await openBrowser(chromium, PHONE);
  const page = phone.context.pages()[0] ?? (await phone.context.newPage());
  try {
    await phone.context.addCookies(await context.cookies());
    const errors = watchErrors(page);
    await use(page);
    check(errors.length === 0, `the console has errors:\n  ${errors.join("\n  ")}`);
  } catch (error) {
    await page.screenshot({ path: `${out}/phone-failed.png` });
    throw error;
  } finally {
    await phone.close();
  }
}

/** Every view fits, has its bar at the bottom, and nothing to tap that is too small. */
export async function seeOnPhone({ context, chromium, base, out, known }) {
  const found = [];
  await onPhone({ context, chromium, out }, async (page) => {
    for (const view of listViews(known)) {
      await openView(page, base, view);
      await checkNoOverflow(page, view.name);
      await checkAccessible(page, `${view.name} on a phone`);
      const bar = await page.getByRole("navigation", { name: "Views" }).last().boundingBox();
      check(Math.abs(bar.y + bar.height - 800) < 1, `${view.name}: the bar of views is at the bottom, not at ${bar.y + bar.height}`);
      found.push(...(await smallTargets(page)).map((target) => `${view.name}: ${target}`));
      await page.screenshot({ path: `${out}/phone-${view.name}.png` });
    }
  });
  check(found.length === 0, `smaller than 40 px:\n  ${found.join("\n  ")}`);
}

/** What opens over the page fits the phone and closes again. */
export async function openSheets({ context, chromium, base, out }) {
  const found = [];
  await onPhone({ context, chromium, out }, async (page) => {
    const line = page.locator("[aria-label='Labels and metadata of this line']");
    const seen = async (name, opened) => {
      await visible(opened, `${name} opens`);
      await checkNoOverflow(page, name);
      await checkAccessible(page, `${name} on a phone`);
      const box = await opened.first().boundingBox();
      const isOver = opened !== line; // a line is in the list, which scrolls
      if (isOver && (box.x < 0 || box.y < 0 || box.x + box.width > 381 || box.y + box.height > 801)) found.push(`${name} is not within the window: ${JSON.stringify(box)}`);
      found.push(...(await smallTargets(page)).map((target) => `${name}: ${target}`));
      await page.screenshot({ path: `${out}/phone-${name.replace(/\W+/g, "-")}.png` });
    };
    await page.goto(new URL("lines", base).href);
    await visible(page.locator("[data-line]"), "lines are shown");
    await page.getByRole("button", { name: /^Filters/ }).tap();
    const filters = page.getByRole("dialog", { name: "Filters" });
    await seen("the filters", filters);
    await filters.locator("[data-facet=service][data-value=chat]").tap();
    await until(page, () => page.url().includes("service=chat"), "a value is chosen by a tap");
    await page.touchscreen.tap(190, 20);
    await until(page, async () => !(await filters.count()), "a tap beside the sheet closes it");
    await page.locator("[data-line]").first().tap();
    await seen("a line", line);
    await page.getByRole("button", { name: /^Last |^\d\d-\d\d / }).tap();
    await seen("the range", page.getByRole("dialog", { name: "Range of time" }));
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Environment: / }).tap();
    await seen("the environments", page.getByRole("menu"));
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^User / }).tap();
    await seen("the menu", page.getByRole("menu"));
    await page.getByRole("menuitem", { name: "Search or jump" }).tap();
    await seen("the palette", page.getByRole("dialog", { name: "Search or jump" }));
    await page.locator("[data-command]", { hasText: "Issues" }).first().tap();
    await visible(page.locator("[data-issue]"), "a tap in the palette leads to the issues");
    await page.getByLabel("Choose issue").first().tap();
    await visible(page.getByText("1 chosen"), "an issue is chosen by a tap");
    await page.getByRole("button", { name: "Snooze", exact: true }).tap();
    await seen("the snooze", page.getByRole("dialog", { name: "Snooze 1 issue" }));
  });
  check(found.length === 0, found.join("\n  "));
}

/** Somebody without a session logs in on a phone, and is where the address leads. */
export async function logInOnPhone({ chromium, base, user, password, out }) {
  const phone = await openBrowser(chromium, PHONE);
  try {
    const page = phone.context.pages()[0] ?? (await phone.context.newPage());
    await page.goto(new URL("issues?sort=events", base).href);
    await visible(page.getByLabel("Password"), "the login is shown");
    await checkNoOverflow(page, "the login");
    await checkAccessible(page, "the login on a phone");
    const small = await smallTargets(page);
    check(small.length === 0, `the login is smaller than 40 px:\n  ${small.join("\n  ")}`);
    await page.screenshot({ path: `${out}/phone-login.png` });
    await page.getByLabel("User").fill(user);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).tap();
    await visible(page.locator("[data-issue]"), "the login leads to what the address names");
    check(page.url().endsWith("issues?sort=events"), `the login keeps the address, not ${page.url()}`);
  } finally {
    await phone.close();
  }
}
