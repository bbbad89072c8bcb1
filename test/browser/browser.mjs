import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { check, until, visible } from "./expect.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Starts Debian's Chromium with a fresh profile and further options; `close` ends it and removes the profile. */
export async function openBrowser(executablePath, more = {}) {
  const profile = mkdtempSync(join(tmpdir(), "browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    ...more,
  });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, close };
}

/** Fills in the login that the page shows, and sends it. */
export async function sendLogin(page, user, password) {
  await page.getByLabel("User").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Gives what `use` makes of a page with a session, in a browser of its own; the address and the login as in run.mjs. */
export async function withPage(use) {
  const { BASE_URL: base, USER: user, PASSWORD: password, CHROMIUM = "/usr/bin/chromium" } = process.env;
  const { context, close } = await openBrowser(CHROMIUM);
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(base);
    await sendLogin(page, user, password);
    await visible(page.getByRole("navigation", { name: "Views" }), "the login leads to the page");
    return await use(page, base);
  } finally {
    await close();
  }
}

/**
 * Gathers console errors and uncaught faults of a page. Being refused before the login is as it should be, and a Loki that is
 * slow on a busy machine is no fault of the page: it shows what it has, and that is looked at.
 */
export function watchErrors(page) {
  const errors = [];
  page.on("pageerror", (error) => errors.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const refused = message.text().includes("status of 401") && /\/(api\/v1\/(session|login))?$/.test(message.location().url);
    const slow = message.text().includes("status of 504");
    if (!refused && !slow) errors.push(`${message.text()} (${message.location().url})`);
  });
  return errors;
}

/**
 * Fails if axe finds something serious on the page as it is now, or in a part of it, once nothing is loading: what is
 * about to be replaced is faint.
 */
export async function checkAccessible(page, where, part = "html") {
  await until(page, async () => !(await page.locator("[aria-busy=true]").count()), `${where} is loaded`, 45_000);
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const found = await page.evaluate(async (part) => {
    const { violations } = await window.axe.run(part, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join("\n    ")}`);
  }, part);
  check(found.length === 0, `accessibility of ${where}:\n  ${found.join("\n  ")}`);
}

/** How much of a page may move while it loads, as browsers count it (cumulative layout shift). */
const SHIFT_MOST = 0.1;

/** Fails if what was shown of the page moved while the rest of it came, without a hand having done anything. */
export async function checkStill(page, where) {
  const shifts = await page.evaluate(() => new Promise((done) => {
    new PerformanceObserver((list) => done(list.getEntries().filter((entry) => !entry.hadRecentInput).map(({ value, sources }) => ({
      value,
      moved: sources.map(({ node, previousRect, currentRect }) => `${node?.nodeName} ${node?.className ?? ""} from ${previousRect.y} to ${currentRect.y}`),
    })))).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done([]), 1000); // nothing moved, so that nothing is told
  }));
  const sum = shifts.reduce((all, { value }) => all + value, 0);
  const worst = shifts.toSorted((a, b) => b.value - a.value)[0];
  check(sum <= SHIFT_MOST, `${where} moves by ${sum.toFixed(3)} while it loads, at most ${SHIFT_MOST}:\n  ${worst?.moved.join("\n  ")}`);
}

/** Fails if the page is wider than its window. */
export async function checkNoOverflow(page, where) {
  const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  check(content <= width, `${where} is ${content} px wide in a window of ${width} px`);
}
