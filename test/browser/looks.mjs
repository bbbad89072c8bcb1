// Dark and light as the system has it, motion, and what opens over the page in both.

import { checkAccessible } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";

const OPENED = "dialog[open], [role=dialog], [role=menu]";
const SCHEMES = ["light", "dark"];

/** The page follows the system while it is open; the button goes against it, after a reload too. */
export async function followSystem({ page, base }) {
  await page.goto(base);
  await visible(page.locator("[data-health]"), "the overview is shown");
  const shade = () => page.evaluate(() => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
    return red + green + blue > 382 ? "light" : "dark";
  });
  for (const scheme of ["dark", "light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await until(page, async () => (await shade()) === scheme, `the page turns ${scheme} with the system`);
  }
  await page.getByRole("button", { name: "Use the light theme" }).click();
  await until(page, async () => (await shade()) === "light", "the button makes it light");
  await page.reload();
  await visible(page.locator("[data-health]"), "the overview is shown");
  check((await shade()) === "light", "it is light after a reload");
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await until(page, async () => (await shade()) === "dark", "and dark again");
  await page.emulateMedia({ colorScheme: "light" });
  await until(page, async () => (await shade()) === "light", "as the system has it, it follows the system again");
}

/** Nothing moves for those who want less of it, and for others not longer than 150 ms. */
export async function moveLittle({ page, base }) {
  const longest = () => page.evaluate(() => {
    const seconds = (text) => Math.max(...text.split(",").map((part) => Number.parseFloat(part) * (part.includes("ms") ? 0.001 : 1)));
    const all = [...document.querySelectorAll("*")].map((element) => getComputedStyle(element));
    return {
      transition: Math.max(...all.map((style) => seconds(style.transitionDuration))),
      animated: document.getAnimations().length,
    };
  });
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.goto(new URL("lines", base).href);
  await visible(page.locator("[data-line]"), "lines are shown");
  const { transition } = await longest();
  check(transition > 0 && transition <= 0.1501, `the longest transition takes ${transition} s`);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.getByRole("switch", { name: "Live tail" }).click();
  await visible(page.locator("[data-tail=live]"), "the live tail connects");
  const still = await longest();
  check(still.transition === 0 && still.animated === 0, `with less motion there are ${still.animated} animations and transitions of ${still.transition} s`);
}

/**
 * Everything that opens over the page has no finding of axe that is serious, light and dark. Opened by the keyboard it has the
 * focus, unless it peeks, and gives it back to what opened it.
 */
export async function openOverlays({ page, base, known, out }) {
  const button = (name) => page.getByRole("button", { name });
  const exactly = (name) => page.getByRole("button", { name, exact: true });
  const overlays = [
    ["help", "", "[data-health]", "?"],
    ["palette", "", "[data-health]", "Control+k"],
    ["why a component is so", "", "[data-health]", page.locator("[data-health] button"), "peeks"],
    ["range", "lines", "[data-line]", button(/^Last /)],
    ["environments", "lines", "[data-line]", button(/^Environment: /)],
    ["user", "lines", "[data-line]", button(/^User /)],
    ["export", "lines", "[data-line]", button("Export the lines")],
    ["saved searches", "lines", "[data-line]", button("Saved searches")],
    ["grouping", "issues", "[data-issue]", page.getByLabel(/^Why issue/), "peeks"],
    ["snooze", `issues/${known.issue}`, "[data-traceback]", exactly("Snooze")],
    ["assign", `issues/${known.issue}`, "[data-traceback]", exactly("Assign")],
    ["merge", `issues/${known.issue}`, "[data-traceback]", exactly("Merge")],
    ["silence", "alerts", "[data-alert]", button(/^Silence /)],
    ["channel", "settings/notifications", "main h1", button("Add a channel")],
    ["rule", "settings/notifications", "main h1", button("Add a rule")],
  ];
  let shown;
  for (const [name, path, ready, by, peeks] of overlays) {
    if (path !== shown) await page.goto(new URL(path, base).href);
    shown = path;
    await visible(page.locator(ready), `${name}: the view is shown`);
    const opener = typeof by === "string" ? undefined : by.first();
    const opened = page.locator(OPENED);
    // What opens may still be loading.
    await until(page, async () => {
      await opener?.focus();
      await page.keyboard.press(opener ? "Enter" : by);
      return visible(opened, "", 3_000).catch(() => false);
    }, `${name} opens`);
    if (!peeks) await until(page, () => opened.first().evaluate((box) => box.contains(document.activeElement)), `${name} has the focus`);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await checkAccessible(page, `${name} (${colorScheme})`, OPENED);
      await page.screenshot({ path: `${out}/over-${name.replace(/\W+/g, "-")}-${colorScheme}.png` });
    }
    await page.keyboard.press("Escape");
    await until(page, async () => !(await opened.count()), `Escape closes ${name}`);
    if (opener) check(await opener.evaluate((one) => one === document.activeElement), `${name} gives the focus back to what opened it`);
  }
}

/** An opened line, its context, JSON and columns have no finding of axe that is serious, light and dark. */
export async function openLine({ page, base, out }) {
  await page.goto(new URL("lines?q=nested&service=chat&env=demo&col=logger", base).href);
  await (await visible(page.locator("[data-line]"), "the line is found")).click();
  await page.getByRole("button", { name: "Context", exact: true }).click();
  await visible(page.locator("[data-context-line]").nth(1), "the context is shown");
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  await page.locator("[aria-label=Fields] button").first().click();
  await visible(page.locator("[data-field]"), "the fields are listed");
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await checkAccessible(page, `an open line (${colorScheme})`);
    await page.screenshot({ path: `${out}/line-${colorScheme}.png` });
  }
}
