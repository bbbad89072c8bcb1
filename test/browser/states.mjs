// The page while what it reads is away, and without anything to show.

import { sendLogin } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";

/** Loki is away: the logs say so with a way on, the rest works; Retry works when it is back. */
export async function loseLoki({ page, base, stage, errors }) {
  await page.goto(new URL("lines?service=backend", base).href);
  await visible(page.locator("[data-line]"), "lines are shown");
  await stage.stop("loki");
  try {
    await page.goto(new URL("lines?service=chat", base).href);
    const said = await visible(page.locator("main [role=alert]"), "that Loki is away is said");
    check(/Loki does not answer; check/.test(await said.innerText()), `it is said who does not answer, and what to do: ${await said.innerText()}`);
    await page.goto(new URL("issues", base).href);
    await visible(page.locator("[data-issue]"), "issues are listed without Loki");
    await page.goto(new URL("alerts", base).href);
    await visible(page.locator("[data-alert]"), "alerts are listed without Loki");
    await page.goto(new URL("lines?service=chat", base).href);
    await visible(page.getByRole("button", { name: "Retry" }), "there is a way on");
  } finally {
    await stage.start("loki");
  }
  await page.getByRole("button", { name: "Retry" }).first().click();
  await visible(page.locator("[data-line]"), "Retry shows the lines when Loki is back");
  forget(errors);
}

/** Prometheus is away: health has no data, which is neither good nor bad, and the lines are there; Retry draws its graphs. */
export async function losePrometheus({ page, base, stage, errors }) {
  const fixed = `start=${new Date(Date.now() - 600_000).toISOString()}&end=${new Date().toISOString()}`;
  await stage.stop("prometheus");
  try {
    await page.goto(new URL("lines", base).href);
    await visible(page.locator("[data-line]"), "lines are shown without Prometheus");
    await page.goto(base);
    const host = page.locator("[data-health=host]");
    await until(page, async () => {
      await page.getByRole("button", { name: "Load the newest" }).click();
      return (await host.innerText()).toLowerCase().includes("no data");
    }, "the host has no data");
    const why = await host.innerText();
    check(/Prometheus does not answer; check/.test(why), `it is said why, and what to do: ${why}`);
    await page.goto(new URL(`health?c=host&${fixed}`, base).href);
    const graph = await visible(page.locator("[data-graph]"), "graphs have their place");
    check(/No data: .*check/s.test(await graph.innerText()), `a graph says what to do: ${await graph.innerText()}`);
    await visible(page.getByRole("button", { name: "Retry" }), "there is a way on");
  } finally {
    await stage.start("prometheus");
  }
  await page.getByRole("button", { name: "Retry" }).click({ timeout: 3_000 }).catch(() => {}); // it may have been asked again by itself
  await visible(page.locator("[data-graph] canvas"), "the graphs are drawn when Prometheus is back");
  await until(page, async () => (await page.getByRole("button", { name: "Retry" }).count()) === 0, "nothing is missing any more");
  forget(errors);
}

/** No line fits: it is said, with what can be taken away. */
export async function findNothing({ page, base }) {
  await page.goto(new URL("lines?service=chat&q=nobody-wrote-this", base).href);
  await visible(page.getByText(/No lines? /).first(), "it is said that no line fits");
  await page.goto(new URL("issues?q=nobody-wrote-this", base).href);
  await visible(page.getByText(/No issue/).first(), "it is said that no issue fits");
}

/** The dashboard restarts under an open page, and a session that ended leads to the login and back. */
export async function endSession({ page, base, context, user, password, errors }) {
  await page.goto(new URL("lines?service=chat", base).href);
  await visible(page.locator("[data-line]"), "lines are shown");
  await context.clearCookies();
  const login = page.getByLabel("Password");
  // What was still being asked for may find out first.
  await page.getByRole("button", { name: "Load the newest" }).or(login).click();
  await visible(login, "an ended session leads to the login");
  await sendLogin(page, user, password);
  await visible(page.locator("[data-line]"), "and the login back to the lines");
  check(page.url().includes("service=chat"), `with the same address: ${page.url()}`);
  forget(errors);
}

// The console tells of every answer that was no success.
function forget(errors) {
  const expected = /status of (401|5\d\d)|ERR_/;
  errors.splice(0, errors.length, ...errors.filter((text) => !expected.test(text)));
}
