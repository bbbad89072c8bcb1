// Every view of the page: its name, its address, what is there when it has loaded, and its chart or what stands for it.

import { checkAccessible, checkNoOverflow, checkStill } from "./browser.mjs";
import { until, visible } from "./expect.mjs";

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

/** Checks every view, light and dark, and takes a picture of it; those that are opened most stand still. */
export async function seeViews({ page, base, out, known }) {
  for (const view of listViews(known)) {
    await openView(page, base, view);
    await visible(page.locator(view.chart), `${view.name} draws its charts`);
    await checkNoOverflow(page, view.name);
    if (STILL.includes(view.name)) await checkStill(page, view.name);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await checkAccessible(page, `${view.name} (${colorScheme})`);
      await page.screenshot({ path: `${out}/${view.name}-${colorScheme}.png` });
    }
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  }
}
