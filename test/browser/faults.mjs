// Watches the pages Health and Alerts in headless Chromium while a fault begins and ends: PgBouncer's clients wait. From the
// environment: BASE_URL, USER, PASSWORD, OUT_DIR and CHROMIUM, as in run.mjs. The fault is there when it starts. It prints
// FAULT_SEEN when both pages show it, waits until they show its end without having been loaded again, and ends with 0, or with
// 1 and the first expectation that failed.

import { mkdirSync } from "node:fs";
import { openBrowser, watchErrors } from "./browser.mjs";
import { check, Failed, until, visible } from "./expect.mjs";
import { logIn } from "./steps.mjs";

const MENDED_MS = 150_000; // Prometheus, Alertmanager, the dashboard and the page each look again after a while
const { BASE_URL: base, USER: user, PASSWORD: password, OUT_DIR: out, CHROMIUM: chromium = "/usr/bin/chromium" } = process.env;
mkdirSync(out, { recursive: true });
const { context, close } = await openBrowser(chromium);
try {
  await watch();
  console.log("BROWSER_OK");
} catch (error) {
  console.error(`BROWSER_FAILED: ${error instanceof Failed ? error.message : error.stack}`);
  process.exitCode = 1;
} finally {
  await close();
}

async function watch() {
  const health = context.pages()[0] ?? (await context.newPage());
  const errors = watchErrors(health);
  await health.goto(base);
  await logIn(health, { user, password });
  await health.goto(new URL("health?c=pgbouncer", base).href);
  const alerts = await context.newPage();
  errors.push(...watchErrors(alerts));
  await alerts.goto(new URL("alerts", base).href);

  const waiting = health.locator("[data-component=pgbouncer] [data-signal=waiting][data-verdict=critical]");
  await visible(waiting, "Health says that it is critical how many clients wait");
  // The warning of the same name was never notified: its end shows when the dashboard looks for itself.
  const firing = alerts.locator("[data-alert=PgBouncerClientsWaiting]").filter({ hasText: "critical" });
  await visible(firing, "Alerts lists PgBouncerClientsWaiting");
  await pictures("fault", health, alerts);
  console.log("FAULT_SEEN");

  await until(health, async () => (await waiting.count()) === 0, "Health no longer says so", MENDED_MS);
  await until(alerts, async () => (await firing.count()) === 0, "Alerts no longer lists PgBouncerClientsWaiting", MENDED_MS);
  await visible(alerts.getByText("PgBouncerClientsWaiting"), "the timeline remembers PgBouncerClientsWaiting");
  await pictures("mended", health, alerts);
  check(errors.length === 0, `the console has errors:\n  ${errors.join("\n  ")}`);
}

async function pictures(state, health, alerts) {
  await health.screenshot({ path: `${out}/health-${state}.png` });
  await alerts.screenshot({ path: `${out}/alerts-${state}.png` });
}
