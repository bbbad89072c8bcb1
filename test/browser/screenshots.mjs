// Takes a picture of every view, light, dark and at 380 px, into OUT_DIR. From the environment: BASE_URL, USER, PASSWORD and
// CHROMIUM as in run.mjs. The page must have lines and an issue with a traceback: make screenshots has it show the demo.

import { mkdirSync } from "node:fs";
import { withPage } from "./browser.mjs";
import { until, visible } from "./expect.mjs";
import { settled } from "./views.mjs";

const { OUT_DIR: out } = process.env;
const LOOKS = [
  { look: "light", width: 1280, height: 800, colorScheme: "light" },
  { look: "dark", width: 1280, height: 800, colorScheme: "dark" },
  { look: "phone", width: 380, height: 800, colorScheme: "light" },
];

mkdirSync(out, { recursive: true });
await withPage(async (page, base) => {
  const issue = await findIssue(page, base);
  const story = await findStory(page, base);
  for (const [view, path, ready, arrange] of [
    ["overview", "", "figure canvas"],
    ["issues", "issues", "[data-issue]"],
    ["issue", `issues/${issue}`, "[data-traceback]"],
    ["logs", "lines", "[data-line]"],
    ["line", "lines?level=error&service=backend-next", "[data-line]", openLine],
    ["live", "lines?tail=1", "[data-tail=live]"],
    ["patterns", "lines?show=patterns", "[data-pattern]"],
    ["editor", "lines", "[data-line]", writeLogQL],
    ["metric", `lines?query=${encodeURIComponent('sum by (service) (rate({env="demo"}[1m]))')}`, "[data-series]"],
    ["story", story, "[data-told=own]"],
    ["palette", "", "[data-health]", openPalette],
    ["health", "health?c=pgbouncer", "[data-graph] canvas"],
    ["usage", "usage?days=7", "[data-noise]"],
    ["alerts", "alerts", "h1[data-verdict]"],
    ["snapshots", "snapshots", "main h1"],
    ["notifications", "settings/notifications", "main h1"],
  ]) {
    for (const { look, width, height, colorScheme } of LOOKS) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(new URL(path, base).href);
      await visible(page.locator(ready), `${view} is shown`);
      await settled(page, view);
      await arrange?.(page);
      await settled(page, view);
      await page.screenshot({ path: `${out}/${view}-${look}.png` });
    }
  }
});

/** The number of an issue whose traceback has a cause; in a new demo the first appears when the indexer has read the logs. */
async function findIssue(page, base) {
  const first = page.locator("[data-issue]").first();
  const listed = async () => {
    await page.goto(new URL("issues?q=IntegrityError&service=backend", base).href);
    return visible(first, "", 5_000).catch(() => false);
  };
  await until(page, listed, "there is an issue with a cause", 120_000);
  return first.getAttribute("data-issue");
}

/** The address of the story of a request that failed, in a service that writes ids. */
async function findStory(page, base) {
  await page.goto(new URL("lines?level=error&q=correlation_id", base).href);
  await (await visible(page.locator("[data-line]"), "a line of a request is found")).click();
  const link = await visible(page.getByRole("link", { name: "Its request" }), "it leads to its request");
  return link.evaluate((element) => element.href);
}

async function openLine(page) {
  await page.locator("[data-line]").first().click();
  await visible(page.locator("[data-line][aria-expanded=true]"), "a line is open");
}

async function writeLogQL(page) {
  await page.getByLabel("Text that the lines contain").fill('{service="');
  await visible(page.locator("[data-logql]"), "LogQL has its editor");
  await page.keyboard.press("End");
  await page.keyboard.press("Control+Space");
  await visible(page.getByRole("option"), "values are offered");
}

async function openPalette(page) {
  await page.keyboard.press("Control+k");
  await visible(page.locator("[data-command^='service ']"), "services are offered");
}
