// Every view of the page: its name, its address, what is there when it has loaded, and its chart or what stands for it.

import { checkAccessible, checkNoOverflow, checkStill } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";
import { walkByTab } from "./keyboard.mjs";

/** Views that stand still while they load. */
const STILL = ["overview", "issues", "issue", "logs"];

/** The views of a page that has an issue, an alert and a request's story. */
export function listViews({ issue, alert, story }) {
  return [
    ["overview", "", "[data-new-issues] > li", "figure canvas"],
    ["issues", "issues", "[data-issue]", "[data-issue] svg"],
    ["issue", `issues/${issue}`, "[data-traceback]", "[data-issue-verdict]"],
    ["occurrences", `issues/${issue}/occurrences`, "[data-event]", "figure canvas"],
    ["around", `issues/${issue}/around`, "[data-around]", "[data-issue-verdict]"],
    ["grouping", `issues/${issue}/grouping`, "[aria-label=Groups] > li", "[data-issue-verdict]"],
    ["history", `issues/${issue}/history`, "[data-change]", "[data-issue-verdict]"],
    ["alerts", "alerts", "[data-alert]", "[aria-label='What fired']"],
    ["alert", `alerts/${alert}`, "[data-episode]", "[data-episode]"],
    ["health", "health?c=host", "[data-signal=cpu]", "[data-graph] canvas"],
    ["logs", "lines", "[data-line]", "figure canvas"],
    ["metric", `lines?query=${encodeURIComponent('sum by (level) (rate({service=~".+"} [5m]))')}`, "[data-series]", "figure canvas"],
    ["tail", "lines?tail=1", "[data-tail=live]", "figure canvas"],
    ["story", story, "[data-told=own]", "[data-lane] button"],
    ["patterns", "lines?show=patterns", "[data-pattern]", "figure canvas"],
    ["usage", "usage", "[data-noise]", "[data-day-state=so_far]"],
    ["snapshots", "snapshots", "main h1", "main h1"],
    ["notifications", "settings/notifications", "main h1", "main h1"],
  ].map(([name, path, ready, chart]) => ({ name, path, ready, chart }));
}

/** Opens a view and waits until all of it is there. */
export async function openView(page, base, { name, path, ready }) {
  await page.goto(new URL(path, base).href);
  await visible(page.locator(ready), `${name} shows what it is about`);
  await settled(page, name);
}

/** Waits until no placeholder is shown any more. */
export async function settled(page, view) {
  const still = () => page.evaluate(() => document.querySelector(".animate-pulse-soft:not(button *)") === null);
  await until(page, still, `${view} has loaded`);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/**
 * A view opens by its address, with a slash at its end too: it fits, at 200 % too, axe finds nothing serious in light and
 * dark, it is the same when it is loaded again, and Tab goes through it.
 */
export async function seeView({ page, base, out }, view) {
  const [way, search] = view.path.split("?");
  const path = `${way}${way && "/"}${search ? `?${search}` : ""}`;
  await openView(page, base, { ...view, path });
  await visible(page.locator(view.chart), `${view.name} draws its charts`);
  await checkNoOverflow(page, view.name);
  if (STILL.includes(view.name)) await checkStill(page, view.name);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await checkAccessible(page, `${view.name} (${colorScheme})`);
    await page.screenshot({ path: `${out}/${view.name}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await zoomTwice(page, out, view);
  const address = new URL(path, base).href;
  await page.reload();
  await visible(page.locator(view.ready), `${view.name} is there after a reload`);
  check(page.url() === address, `${view.name}: a reload leads from ${address} to ${page.url()}`);
  check((await page.title()).endsWith("TovPlay logs"), `${view.name}: the title is ${await page.title()}`);
  check((await page.locator("h1").count()) === 1, `${view.name} has one heading of the first rank`);
  await settled(page, view.name);
  await walkByTab(page, view);
}

/** At 200 % a view fits, and what it is about has half of the window. */
async function zoomTwice(page, out, { name }) {
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: width / 2, height: height / 2 });
  await settled(page, `${name} at 200 %`);
  await checkNoOverflow(page, `${name} at 200 %`);
  const scrolled = await page.evaluate(() => {
    const main = document.querySelector("main");
    const whole = main.scrollHeight <= main.clientHeight + 1;
    const scrolls = (element) => element.scrollHeight > element.clientHeight && /auto|scroll/.test(getComputedStyle(element).overflowY);
    return whole ? undefined : Math.max(0, ...[...main.querySelectorAll("*")].filter(scrolls).map((element) => element.clientHeight));
  });
  check(scrolled === undefined || scrolled >= 160, `${name} at 200 %: what scrolls is ${scrolled} px high`);
  await page.screenshot({ path: `${out}/zoom-${name}.png` });
  await page.setViewportSize({ width, height });
}
