import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { check } from "./expect.mjs";

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

/** Starts Debian's Chromium with a fresh profile; `close` ends it and removes the profile. */
export async function openBrowser(executablePath) {
  const profile = mkdtempSync(join(tmpdir(), "browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
  });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, close };
}

/** Gathers console errors and uncaught faults of a page; being refused before the login is as it should be. */
export function watchErrors(page) {
  const errors = [];
  page.on("pageerror", (error) => errors.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const refused = message.text().includes("status of 401") && /\/(api\/v1\/(session|login))?$/.test(message.location().url);
    if (!refused) errors.push(`${message.text()} (${message.location().url})`);
  });
  return errors;
}

/** Fails if axe finds something serious on the page as it is once it has loaded; what is about to go is paler. */
export async function checkAccessible(page, where) {
  await page.waitForFunction(() => !document.querySelector(".opacity-60"), null, { timeout: 45_000 });
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join("\n    ")}`);
  });
  check(found.length === 0, `accessibility of ${where}:\n  ${found.join("\n  ")}`);
}

/** Fails if the page is wider than its window. */
export async function checkNoOverflow(page, where) {
  const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  check(content <= width, `${where} is ${content} px wide in a window of ${width} px`);
}
