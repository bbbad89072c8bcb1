// Drives the page in headless Chromium as a person would. From the environment:
//   BASE_URL     address of the page, such as http://127.0.0.1:8080/logs/
//   USER, PASSWORD  a login
//   OUT_DIR      folder for screenshots (default: screenshots, beside this file)
//   TAIL_EXPECT  text of a line that the caller writes after this script printed TAIL_READY
//   SERVICE      service to filter by (default: the one with most lines)
//   OTHER_ENV, OTHER_SERVICE  an environment that has a few lines, of this service alone
//   SEARCH       text that lines of that service and level error hold (default: "error")
//   CHROMIUM     the browser (default /usr/bin/chromium)
// Ends with 0, or with 1 and the first expectation that failed.

import { mkdirSync } from "node:fs";
import { openBrowser, watchErrors } from "./browser.mjs";
import { keepEnv } from "./envs.mjs";
import { check, Failed } from "./expect.mjs";
import * as issues from "./issues.mjs";
import * as logs from "./logs.mjs";
import * as steps from "./steps.mjs";
import { saveSearch, tellStory, usePalette } from "./story.mjs";

const settings = readSettings(process.env);
mkdirSync(settings.out, { recursive: true });
const { context, close } = await openBrowser(settings.chromium);
const page = context.pages()[0] ?? (await context.newPage());
try {
  await drive(page, settings);
  console.log("BROWSER_OK");
} catch (error) {
  await page.screenshot({ path: `${settings.out}/failed.png` }).catch(() => {});
  const text = error instanceof Failed ? error.message : (error.stack ?? String(error));
  console.error(`BROWSER_FAILED: ${text}\n  at ${page.url()}; screenshot in ${settings.out}/failed.png`);
  process.exitCode = 1;
} finally {
  await close();
}

async function drive(page, { base, user, password, out, tailExpect, service, search, other }) {
  const errors = watchErrors(page);
  const step = async (name, run) => {
    console.log(`step: ${name}`);
    await run();
    check(errors.length === 0, `${name}: the console has errors:\n  ${errors.join("\n  ")}`);
  };
  await page.goto(base);
  await step("log in", async () => {
    await page.screenshot({ path: `${out}/login.png` });
    await steps.logIn(page, { user, password });
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
    await steps.followTail(page, tailExpect, () => console.log("TAIL_READY"));
    await page.screenshot({ path: `${out}/tail.png` });
  });
  let story;
  await step("story", async () => {
    story = await tellStory(page, base);
  });
  await step("palette", () => usePalette(page, base, out));
  await step("saved searches", () => saveSearch(page, base, out));
  let issue;
  await step("issues", async () => {
    issue = await issues.useIssues(page, user);
  });
  await step("merge and unmerge", () => issues.mergeAndUnmerge(page));
  await step("notifications", () => steps.useNotifications(page));
  await step("views", () => steps.seeViews(page, base, out, { issue, story }));
  await step("log out", () => steps.logOut(page));
}

function readSettings(env) {
  for (const name of ["BASE_URL", "USER", "PASSWORD", "TAIL_EXPECT", "OTHER_ENV", "OTHER_SERVICE"]) {
    if (!env[name]) {
      console.error(`${name} is not set; the head of run.mjs says what it is`);
      process.exit(2);
    }
  }
  return {
    base: env.BASE_URL.endsWith("/") ? env.BASE_URL : `${env.BASE_URL}/`,
    user: env.USER,
    password: env.PASSWORD,
    out: env.OUT_DIR ?? new URL("screenshots", import.meta.url).pathname,
    tailExpect: env.TAIL_EXPECT,
    service: env.SERVICE,
    search: env.SEARCH ?? "error",
    other: { env: env.OTHER_ENV, service: env.OTHER_SERVICE },
    chromium: env.CHROMIUM ?? "/usr/bin/chromium",
  };
}
