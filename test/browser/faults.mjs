// Watches the pages Health and Alerts in headless Chromium while faults begin and end. From the environment: BASE_URL, USER,
// PASSWORD, OUT_DIR and CHROMIUM as in run.mjs, and what is expected: SIGNALS, such as "pgbouncer/waiting=critical", and ALERTS,
// such as "PgBouncerDown=critical", each with spaces between. Those that begin with "~" are not expected to end.
// The faults are there when it starts. It prints FAULTS_SEEN when both pages show all of them, waits until they show the end of
// all, the first signal and the alerts without being loaded again, and ends with 0, or with 1 and the first expectation that failed.

import { mkdirSync } from "node:fs";
import { openBrowser, watchErrors } from "./browser.mjs";
import { check, Failed, until, visible } from "./expect.mjs";
import { logIn } from "./steps.mjs";

const MENDED_MS = 150_000; // Prometheus, Alertmanager, the dashboard and the page each look again after a while
const { BASE_URL: base, USER: user, PASSWORD: password, OUT_DIR: out, CHROMIUM: chromium = "/usr/bin/chromium" } = process.env;
const signals = readExpected(process.env.SIGNALS);
const expectedAlerts = readExpected(process.env.ALERTS);
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
  const alerts = await context.newPage();
  errors.push(...watchErrors(alerts));
  await alerts.goto(new URL("alerts", base).href);

  for (const signal of signals.toReversed()) {
    await openCard(health, signal);
    await visible(row(health, signal), `Health shows ${signal.text}`);
  }
  for (const alert of expectedAlerts) await visible(firing(alerts, alert), `Alerts lists ${alert.text}`);
  await pictures("fault", health, alerts);
  console.log("FAULTS_SEEN");

  for (const [index, signal] of signals.filter(({ ends }) => ends).entries()) {
    if (index > 0) await openCard(health, signal);
    await until(health, async () => (await row(health, signal).count()) === 0, `Health no longer shows ${signal.text}`, MENDED_MS);
  }
  for (const alert of expectedAlerts) {
    await until(alerts, async () => (await firing(alerts, alert).count()) === 0, `Alerts no longer lists ${alert.text}`, MENDED_MS);
    await visible(alerts.getByText(alert.name, { exact: true }), `the timeline remembers ${alert.name}`);
  }
  await pictures("mended", health, alerts);
  check(errors.length === 0, `the console has errors:\n  ${errors.join("\n  ")}`);
}

function openCard(page, { name }) {
  return page.goto(new URL(`health?c=${name.split("/")[0]}`, base).href);
}

function row(page, { name, level }) {
  const [component, signal] = name.split("/");
  return page.locator(`[data-component=${component}] [data-signal=${signal}][data-verdict=${level}]`);
}

// The level tells it from a warning of the same name, which nobody was notified of: its end shows when the dashboard looks for itself.
function firing(page, { name, level }) {
  return page.locator(`[data-alert=${name}]`).filter({ hasText: level });
}

async function pictures(state, health, alerts) {
  await health.screenshot({ path: `${out}/health-${state}.png` });
  await alerts.screenshot({ path: `${out}/alerts-${state}.png` });
}

function readExpected(text) {
  return text.split(" ").map((word) => {
    const [name, level] = word.replace("~", "").split("=");
    return { text: `${name} as ${level}`, name, level, ends: !word.startsWith("~") };
  });
}
