// The environment that is chosen at the top holds for every view, and goes along from view to view.

import { check, until, visible } from "./expect.mjs";

const LINE = "[data-line]";

/** What the API is asked that depends on the environment; a story has all, and an issue, a line or a component its own. */
const OF_ENV = /\/api\/v1\/(logs|logs\/(sample|completion|cost)|volume|labels|tail|issues|alerts|alerts\/timeline)$/;

/** Goes through the views with an environment that has lines of one service alone, `service`. */
export async function keepEnv(page, base, { env, service }) {
  const strays = watchStrays(page, env);
  await page.goto(base);
  await choose(page, env);
  const at = (path) => new URL(page.url()).pathname.endsWith(path) && new URL(page.url()).searchParams.getAll("env").join() === env;
  await until(page, () => at("/"), "the environment is in the address");
  strays.length = 0; // what was asked before
  const sources = page.locator("[data-source]");
  await until(page, async () => (await sources.count()) === 1 && (await sources.first().innerText()).includes(service), "only its sources are listed");

  await tab(page, "Issues");
  await until(page, () => at("/issues"), "it goes along to the issues");
  await until(page, async () => (await page.locator("[data-issue]").count()) === 0, "issues of other environments are not listed");

  await tab(page, "Logs");
  await until(page, () => at("/lines"), "it goes along to the logs");
  await onlyService(page, service);
  const facets = () => page.locator("[data-facet=service]").evaluateAll((all) => all.map((one) => one.dataset.value).join());
  await until(page, async () => (await facets()) === service, "the facets count its lines alone");
  await page.getByRole("button", { name: "Show the patterns" }).click();
  await until(page, async () => (await page.locator("[data-pattern]").count()) === 1, "the patterns are of its lines alone");
  await page.getByRole("button", { name: "Show the lines" }).click();
  await page.getByRole("switch", { name: "Live tail" }).click();
  await visible(page.locator("[data-tail=live]"), "the live tail connects");
  await onlyService(page, service);
  check(at("/lines"), "the live tail keeps it");
  await page.getByRole("switch", { name: "Live tail" }).click();

  await tab(page, "Health");
  await until(page, () => at("/health"), "it goes along to the health");
  await visible(page.locator("[data-other-envs]"), "components of other environments are named, and not shown");
  await tab(page, "Alerts");
  await until(page, () => at("/alerts"), "it goes along to the alerts");
  await visible(page.locator("h1[data-verdict]"), "the alerts are shown");

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search or jump" }).fill("abcdef-0123-made-up-id");
  await visible(page.locator("[data-command=story]"), "the palette offers a story");
  await page.keyboard.press("Enter");
  await until(page, () => at("/story"), "it goes along to a story");
  await tab(page, "Overview");
  await until(page, () => at("/"), "it is there on the way back");
  check(strays.length === 0, `everything is asked for with it:\n  ${strays.join("\n  ")}`);
  await choose(page, "All environments");
  await tab(page, "Logs");
  await until(page, () => !new URL(page.url()).searchParams.has("env"), "all environments are shown again");
}

/** Gathers the requests of lines, counts, issues and alerts that are not of the environment. */
function watchStrays(page, env) {
  const strays = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    const isOf = url.searchParams.getAll("env").join() === env || url.searchParams.get("query")?.includes(`env="${env}"`);
    if (OF_ENV.test(url.pathname) && !isOf) strays.push(url.pathname + url.search);
  });
  return strays;
}

async function choose(page, env) {
  const item = page.getByRole("menuitemradio", { name: env });
  const opened = async () => {
    await page.getByRole("button", { name: /^Environment/ }).click();
    return item.isVisible();
  };
  await until(page, opened, "the environments are listed");
  await item.click();
}

function tab(page, name) {
  return page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: new RegExp(`^${name}`) }).first().click();
}

async function onlyService(page, service) {
  const shown = async () => (await page.locator(`${LINE} [data-field=service]`).allInnerTexts()).map((text) => text.trim());
  await until(page, async () => (await shown()).length > 0 && (await shown()).every((name) => name === service), `only lines of ${service} are shown`);
}
