// What a person does on the page, each step with what must be seen.

import { sendLogin } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";

const LINE = "[data-line]";

/** Wrong password is refused in words; the right one leads to what was asked for. */
export async function logIn(page, { user, password }) {
  await visible(page.getByText("first start"), "the login view says where the password comes from");
  await sendLogin(page, user, `${password}-wrong`);
  await visible(page.getByRole("alert"), "a wrong password is refused with a message");
  await sendLogin(page, user, password);
  await visible(page.getByRole("navigation", { name: "Views" }), "the right password logs in");
}

/** The verdict in words and a card for each dependency, with its reason. */
export async function seeHealth(page) {
  const line = await visible(page.locator("[data-verdict]"), "the overview has a verdict line");
  const verdict = await line.getAttribute("data-verdict");
  check(["ok", "warning", "critical", "no_data"].includes(verdict), `the verdict is one of the four, not ${verdict}`);
  check((await line.locator("h1").innerText()).trim() !== "", "the verdict is said in words");
  const cards = page.locator("[data-health]");
  await visible(cards, "the health strip has cards");
  check((await cards.count()) >= 5, `the health strip has at least 5 cards, not ${await cards.count()}`);
  // What opens the reason loads after the first paint, so a very early click may find nothing yet.
  const opened = async () => {
    await cards.first().getByRole("button").click();
    return page.getByRole("dialog").first().isVisible();
  };
  await until(page, opened, "a card opens its reason");
  await page.keyboard.press("Escape");
}

/** The view of health: a component opens to its signals and graphs, and the address names it. */
export async function seeComponent(page) {
  await page.getByRole("link", { name: /^Health/ }).first().click();
  const card = page.locator("[data-component=host]");
  await card.getByRole("button").first().click();
  await visible(card.locator("[data-signal=cpu]"), "an opened component has signals");
  await visible(card.locator("[data-graph] canvas").first(), "an opened component has graphs");
  check(new URL(page.url()).searchParams.get("c") === "host", `the address names the component: ${page.url()}`);
  await page.goBack();
  await visible(page.locator("[data-health]").first(), "Back leads to the overview");
}

/** A drag over the errors chart puts its range into the address; Back takes it out. */
export async function zoomChart(page) {
  const plot = page.locator("figure .u-over").first();
  await visible(plot, "the errors are drawn over time");
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.4, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, y, { steps: 5 });
  await page.mouse.up();
  await until(page, () => /start=\d{4}.*end=\d{4}/.test(page.url()), "a drag over the chart zooms, in the address too");
  await page.goBack();
  await until(page, () => !page.url().includes("end="), "Back takes the zoom out");
}

/** The logs open from their tab; scrolling to the end loads older lines while there are any. */
export async function pageBack(page) {
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Logs" }).first().click();
  await visible(page.locator(LINE), "the logs list lines");
  const grid = page.locator("[role=treegrid]");
  const rows = async () => Number(await grid.getAttribute("aria-rowcount"));
  const before = await rows();
  const more = await page.getByRole("button", { name: "Load older lines" }).count();
  await grid.evaluate((list) => list.parentElement.scrollTo(0, list.parentElement.scrollHeight));
  if (more) await until(page, async () => (await rows()) > before, "scrolling to the end loads older lines");
  await grid.evaluate((list) => list.parentElement.scrollTo(0, 0));
  await seeLightRows(page);
}

/** How many elements a row may be made of, itself counted: what a frame costs while the list is scrolled follows from it. */
const ROW_ELEMENTS = 6;

/** Most rows are made of few elements; colours in a line, hits and the pointer add some. */
async function seeLightRows(page) {
  const counts = await page.locator(LINE).evaluateAll((rows) => rows.map((row) => row.querySelectorAll("*").length + 1));
  const median = counts.sort((a, b) => a - b)[Math.floor(counts.length / 2)];
  check(median <= ROW_ELEMENTS, `a row has at most ${ROW_ELEMENTS} elements, not ${median}`);
}

/** From an opened line to the lines around it; the line stays open there, after a reload too. */
export async function goAround(page) {
  const line = page.locator(LINE).first();
  const id = await line.getAttribute("data-line");
  await line.click();
  await until(page, () => page.url().includes("line="), "the address names the open line");
  const before = page.url();
  await (await visible(page.getByRole("link", { name: "Lines around it" }), "an opened line links to those around it")).click();
  await until(page, () => page.url().includes("end="), "the address links to the time of the line");
  const opened = page.locator(`[data-line="${id}"][aria-expanded=true]`);
  await visible(opened, "the line is open among those around it");
  await page.reload();
  await visible(opened, "the link still leads to the open line after a reload");
  await page.goBack();
  // The lines around it stay until those of the list before are there.
  const isBack = async () => page.url() === before && (await line.getAttribute("data-line")) === id;
  await until(page, isBack, "Back leads to the list before");
  await visible(opened, "where the line is still open");
  await line.click();
  await until(page, () => !page.url().includes("line="), "the address names no closed line");
}

/** A click on facets narrows the list by service and by level; Alt-click leaves out. */
export async function filterLines(page, service) {
  const facet = page.locator(service ? `[data-facet=service][data-value="${service}"]` : "[data-facet=service]");
  const value = await (await visible(facet, `the service ${service ?? ""} is offered as a filter`)).getAttribute("data-value");
  await facet.first().click({ modifiers: ["Alt"] });
  await until(page, () => page.url().includes(`service=%21${value}`), "Alt-click leaves a service out");
  await noLine(page, value, "no line of the left-out service is shown");
  await facet.first().click();
  await until(page, () => page.url().includes(`service=${value}`), "a click shows only one service");
  await onlyLines(page, value, "only lines of the chosen service are shown");
  await page.locator("[data-facet=level][data-value=error]").first().click();
  await until(page, () => page.url().includes("level=error"), "the level is in the address");
  await onlyLines(page, "ERR", "only lines of level error are shown");
  return value;
}

/** Text search marks its hits; the same address shows the same after a reload. */
export async function searchText(page, text) {
  const box = page.getByLabel("Text that the lines contain");
  await page.keyboard.press("/");
  check(await box.evaluate((input) => input === document.activeElement), "/ goes to the search field");
  await box.fill(text);
  await box.press("Enter");
  await until(page, () => new URL(page.url()).searchParams.get("q") === text, "the text is in the address");
  await visible(page.locator(`${LINE} mark`), `lines with “${text}” are found, and the hits marked`);
  const before = page.url();
  await page.reload();
  await visible(page.locator(`${LINE} mark`), "after a reload the same lines are shown");
  check(page.url() === before, "a reload keeps the address");
  check((await box.inputValue()) === text, "a reload keeps the searched text");
  check((await page.getByRole("list", { name: "Filters in force" }).getByRole("listitem").count()) >= 2, "a reload keeps the filters");
}

/** j, k and Enter open a line; g o and g l go between views; ? helps. */
export async function useKeyboard(page) {
  await visible(page.locator(LINE), "the list has lines");
  await page.locator("[role=treegrid]").focus();
  await page.keyboard.press("j");
  await visible(page.locator(`${LINE}[aria-selected=true]`), "j selects a line");
  await page.keyboard.press("Enter");
  await visible(page.locator(`${LINE}[aria-expanded=true]`), "Enter opens it");
  await page.keyboard.press("Enter");
  await page.keyboard.press("?");
  await visible(page.getByRole("dialog"), "? shows the help");
  await page.keyboard.press("Escape");
  await until(page, async () => !(await page.getByRole("dialog").count()), "Escape closes the help");
  await go(page, "o", page.locator("[data-verdict]"), "g o goes to the overview");
  await go(page, "l", page.locator("[role=treegrid]"), "g l goes to the logs");
}

/** Presses g and a key, which have to come within a second: on a busy machine they may take several tries. */
export async function go(page, key, there, message) {
  for (let tries = 1; ; tries++) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    const arrived = await visible(there, message, 9_000).catch((error) => error);
    if (!(arrived instanceof Error)) return;
    if (tries === 5) throw arrived;
  }
}

/** A channel that nobody listens at is added, tested and told what is wrong; a rule tells it; both are seen. */
export async function useNotifications(page) {
  await openMenu(page, "Notifications");
  await page.getByRole("button", { name: "Add a channel" }).click();
  await page.getByRole("button", { name: "Webhook" }).click();
  await page.getByLabel("Name").fill("Nobody");
  await page.getByLabel("Address of the webhook").fill("http://127.0.0.1:1/secret-path");
  await page.getByRole("button", { name: "Save" }).click();
  const channel = page.locator("[data-channel]", { hasText: "Nobody" });
  await visible(channel, "the channel is listed");
  await channel.getByRole("button", { name: "Test" }).click();
  await visible(channel.getByText("Nothing listens there"), "a test that fails says what helps");
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByRole("button", { name: "Search matches" }).click();
  await page.getByLabel("Name").fill("Timeouts");
  await page.getByLabel("Search", { exact: true }).fill("/logs/lines?service=backend&q=timeout");
  await page.getByRole("button", { name: "Save" }).click();
  await visible(page.getByText('{service="backend"} |~ "(?i)timeout"'), "the rule shows the search of the address");
  check(!(await page.content()).includes("secret-path"), "the address of a webhook is not shown again");
}

/** With the tail on, a line that arrives is seen. */
export async function followTail(page, stage) {
  const expected = "a line that arrives while the tail is live";
  const clear = page.getByRole("button", { name: "Clear all" });
  if (await clear.count()) await clear.click();
  await page.getByRole("switch", { name: "Live tail" }).click();
  await visible(page.locator("[data-tail=live]"), "the live tail connects");
  await stage.write([expected]);
  const line = page.locator(LINE, { hasText: expected });
  await visible(line, `the live tail shows the line with “${expected}”`, 60_000);
}

/** Logging out leads back to the login, and the API then refuses. */
export async function logOut(page) {
  await page.setViewportSize({ width: 1280, height: 800 });
  await openMenu(page, "Log out");
  await visible(page.getByLabel("Password"), "logging out leads to the login");
}

/** Chooses from the user's menu. */
async function openMenu(page, name) {
  const item = page.getByRole("menuitem", { name });
  const opened = async () => {
    await page.getByRole("button", { name: /^User / }).click();
    return item.isVisible();
  };
  await until(page, opened, "the user's menu opens");
  await item.click();
}

async function onlyLines(page, text, message) {
  await until(
    page,
    async () => {
      const lines = await page.locator(LINE).allInnerTexts();
      return lines.length > 0 && lines.every((line) => line.includes(text));
    },
    message,
  );
}

async function noLine(page, service, message) {
  await until(
    page,
    async () => {
      const services = await page.locator(`${LINE} [data-field=service]`).allInnerTexts();
      return services.every((name) => name.trim() !== service);
    },
    message,
  );
}
