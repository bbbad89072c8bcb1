// Drives the page in headless Chromium as a person would, and prints the seconds of each step. From the environment:
//   BASE_URL     address of the page, such as http://127.0.0.1:8080/logs/
//   LOKI_URL     address of the Loki that the page reads
//   USER, PASSWORD  a login
//   OUT_DIR      folder for screenshots (default: screenshots, beside this file)
//   SERVICE      service to filter by (default: the one with most lines)
//   OTHER_ENV, OTHER_SERVICE  an environment that has a few lines, of this service alone
//   SEARCH       text that lines of that service and level error hold (default: "error")
//   REQUEST      id that lines of nginx and of the service chat carry
//   ONLY         a regular expression: of the list of coverage.mjs only what it matches, and nothing else
//   CHROMIUM     the browser (default /usr/bin/chromium)
// The caller writes lines and stops servers when it is asked to, see stage.mjs.
// Ends with 0, or with 1 and the expectations that failed. The first steps build on each other; those of coverage.mjs do not,
// so that each of them is tried.

import { mkdirSync } from "node:fs";
import { openBrowser, watchErrors } from "./browser.mjs";
import { listCoverage } from "./coverage.mjs";
import { keepEnv } from "./envs.mjs";
import { check, Failed, until } from "./expect.mjs";
import * as issues from "./issues.mjs";
import * as logs from "./logs.mjs";
import * as share from "./share.mjs";
import { openStage } from "./stage.mjs";
import * as steps from "./steps.mjs";
import { saveSearch, tellStory, usePalette } from "./story.mjs";
import { seeUsage } from "./usage.mjs";

const settings = readSettings(process.env);
mkdirSync(settings.out, { recursive: true });
const stage = openStage(process.stdin, process.stdout);
const { context, close } = await openBrowser(settings.chromium);
const page = context.pages()[0] ?? (await context.newPage());
const errors = watchErrors(page);
try {
  await page.goto(settings.base);
  if (settings.only) await steps.logIn(page, settings);
  else await drive(settings);
  await cover(settings);
  await step("log out", () => steps.logOut(page));
  if (process.exitCode !== 1) console.log("BROWSER_OK");
} catch (error) {
  await report("failed", error);
} finally {
  stage.close();
  await close();
}

/** Runs a step; what the console says against it is a failure too. */
async function step(name, run) {
  const began = performance.now();
  errors.length = 0;
  await run();
  check(errors.length === 0, `${name}: the console has errors:\n  ${errors.join("\n  ")}`);
  console.log(`step ${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${name}`);
}

async function drive({ base, user, out, service, search, other, ...login }) {
  await step("log in", async () => {
    await page.screenshot({ path: `${out}/login.png` });
    await steps.logIn(page, { user, ...login });
  });
  await step("health", () => steps.seeHealth(page));
  await step("a component", () => steps.seeComponent(page));
  await step("zoom", () => steps.zoomChart(page));
  await step("new issues", () => issues.openNewIssue(page));
  await step("older lines", () => steps.pageBack(page));
  // Loki refuses the first query on purpose, which the console says too.
  await step("LogQL", async () => {
    await logs.useLogQL(page);
    errors.splice(0, errors.length, ...errors.filter((text) => !/status of 400/.test(text)));
  });
  await step("LogQL with completion", () => logs.writeLogQL(page, out));
  await step("suggestions", () => logs.takeSuggestion(page));
  await step("filter", () => steps.filterLines(page, service));
  await step("search", () => steps.searchText(page, search));
  await step("lines around a line", () => steps.goAround(page));
  await step("context of a line", () => logs.seeContext(page));
  await step("export", () => logs.exportLines(page));
  await step("a second with many lines", () => logs.passFlood(page, base));
  await step("patterns", () => logs.hidePattern(page));
  await step("keyboard", () => steps.useKeyboard(page));
  await step("environment", () => keepEnv(page, base, other));
  await step("live tail", async () => {
    await steps.followTail(page, stage);
    await page.screenshot({ path: `${out}/tail.png` });
  });
  let story;
  await step("story", async () => {
    story = await tellStory(page, base);
  });
  await step("palette", () => usePalette(page, base, out));
  await step("saved searches", () => saveSearch(page, base, out));
  await step("zone of times", () => share.switchZone(page, base));
  await step("more keys", () => share.useMoreKeys(page, base));
  await step("share", () => share.shareView(page, base, out));
  await step("usage", () => seeUsage(page, base, out));
  let issue;
  await step("issues", async () => {
    issue = await issues.useIssues(page, user);
  });
  await step("merge and unmerge", () => issues.mergeAndUnmerge(page));
  // That a search is kept is said with the status 409, which the console says too.
  await step("filters of issues", async () => {
    await issues.filterIssues(page, base, issue, out);
    errors.splice(0, errors.length, ...errors.filter((text) => !/status of 409/.test(text)));
  });
  await step("notifications", () => steps.useNotifications(page));
  // The last of it asks for a snapshot that is gone, which the console says too.
  await step("snapshots", async () => {
    await share.freeze(page, base, out, { issue, story });
    errors.splice(0, errors.length, ...errors.filter((text) => !/status of 404/.test(text)));
  });
}

/** Tries everything in coverage.mjs. */
async function cover(settings) {
  const known = await findKnown(settings);
  for (const { view, action, run } of listCoverage(known)) {
    const name = `${view}: ${action}`;
    if (settings.only && !new RegExp(settings.only, "i").test(name)) continue;
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await step(name, () => run({ page, context, stage, known, errors, ...settings })).catch((error) =>
      report(`failed-${name.replace(/\W+/g, "-")}`, error, name),
    );
  }
}

/** An issue with a traceback, an alert that fires, and the story of a request. */
async function findKnown({ base, request }) {
  const first = async (path, list) => {
    const answer = await page.request.get(new URL(`api/v1/${path}`, base).href);
    return (await answer.json())[list]?.[0]?.id;
  };
  const end = Date.now();
  const hour = `start=${new Date(end - 3_600_000).toISOString()}&end=${new Date(end).toISOString()}`;
  return {
    issue: await until(page, () => first("issues?q=traceback", "issues"), "there is an issue with a traceback", 120_000),
    alert: await until(page, () => first("alerts", "firing"), "an alert fires", 120_000),
    story: `story?id=${request}&${hour}`,
  };
}

async function report(picture, error, name = "") {
  await page.screenshot({ path: `${settings.out}/${picture}.png` }).catch(() => {});
  const text = error instanceof Failed ? error.message : (error.stack ?? String(error));
  console.error(`BROWSER_FAILED: ${name && `${name}: `}${text}\n  at ${page.url()}; screenshot in ${settings.out}/${picture}.png`);
  process.exitCode = 1;
}

function readSettings(env) {
  for (const name of ["BASE_URL", "LOKI_URL", "USER", "PASSWORD", "REQUEST", "OTHER_ENV", "OTHER_SERVICE"]) {
    if (!env[name]) {
      console.error(`${name} is not set; the head of run.mjs says what it is`);
      process.exit(2);
    }
  }
  return {
    base: env.BASE_URL.endsWith("/") ? env.BASE_URL : `${env.BASE_URL}/`,
    loki: env.LOKI_URL,
    user: env.USER,
    password: env.PASSWORD,
    out: env.OUT_DIR ?? new URL("screenshots", import.meta.url).pathname,
    service: env.SERVICE,
    search: env.SEARCH ?? "error",
    request: env.REQUEST,
    only: env.ONLY,
    other: { env: env.OTHER_ENV, service: env.OTHER_SERVICE },
    chromium: env.CHROMIUM ?? "/usr/bin/chromium",
  };
}
