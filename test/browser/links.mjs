// Addresses that are not a view's own, and Back and Forward between those that are.

import { check, until, visible } from "./expect.mjs";

/** The page's own address leads to the overview without its last slash too. */
export async function openWithoutSlash({ page, base }) {
  await page.goto(base.replace(/\/$/, ""));
  await visible(page.locator("[data-verdict]"), "the address without its last slash leads to the overview");
}

/** Addresses that lead nowhere say so, and lead on. */
export async function openUnknown({ page, base, errors }) {
  await page.goto(new URL("no/such/page/", base).href);
  await visible(page.getByText("There is no such page"), "an unknown page is said to be so");
  await page.getByRole("link", { name: "Go to the overview" }).click();
  await visible(page.locator("[data-verdict]"), "it leads to the overview");
  for (const [path, words] of [["issues/99999999", "no issue"], ["issues/abc", "no issue"], ["alerts/99999999", "no alert"]]) {
    await page.goto(new URL(path, base).href);
    const said = await visible(page.locator("main [role=alert]"), `${path} is said not to be there`);
    check(new RegExp(words.replace(" ", ".*"), "i").test(await said.innerText()), `${path}: “${await said.innerText()}” says “${words}”`);
  }
  errors.splice(0, errors.length, ...errors.filter((text) => !/status of 40[04]/.test(text)));
}

/** Back and Forward go through what was looked at, each view as it was. */
export async function goBackAndForward({ page, base, known }) {
  const tabs = page.getByRole("navigation", { name: "Views" });
  const way = [];
  const stop = async (selector) => {
    await visible(page.locator(selector), `${selector} is shown`);
    way.push([page.url(), selector]);
  };
  await page.goto(base);
  await stop("[data-health]");
  await tabs.getByRole("link", { name: /^Issues/ }).first().click();
  await stop("[data-issue]");
  await page.locator(`[data-issue="${known.issue}"] a`).or(page.locator("[data-issue] a")).first().click();
  await stop("[data-issue-verdict]");
  await page.getByRole("navigation", { name: "Parts of the issue" }).getByRole("link", { name: "History" }).click();
  await stop("[data-change]");
  await tabs.getByRole("link", { name: "Logs" }).first().click();
  await stop("[data-line]");
  await page.locator("[data-facet=service][data-value=chat]").click();
  await until(page, () => page.url().includes("service=chat"), "the facet is in the address");
  await stop("[data-line]");
  await tabs.getByRole("link", { name: /^Alerts/ }).first().click();
  await stop("[data-alert]");
  for (const [url, selector] of way.slice(0, -1).toReversed()) await move(page, () => page.goBack(), url, selector);
  for (const [url, selector] of way.slice(1)) await move(page, () => page.goForward(), url, selector);
}

async function move(page, go, url, selector) {
  await go();
  await until(page, () => page.url() === url, `Back and Forward lead to ${url}, not ${page.url()}`);
  await visible(page.locator(selector), `${url} shows ${selector} again`);
}
