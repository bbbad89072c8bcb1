// What can be done with lines, each tried by itself.

import { readFileSync } from "node:fs";
import { check, until, visible } from "./expect.mjs";

const LINE = "[data-line]";
const CHAT = "lines?service=chat";

async function open(page, base, path) {
  await page.goto(new URL(path, base).href);
  await visible(page.locator(LINE), `${path} shows lines`);
}

function param(page, name) {
  return new URL(page.url()).searchParams.getAll(name);
}

/** Both files have every line that Loki has, once, though the list shows fewer. */
export async function exportAll({ page, base, loki, stage }) {
  const last = `the last of many ${crypto.randomUUID()}`;
  await stage.write([...Array.from({ length: 999 }, (_, index) => `one of many, ${index}, with "quotes", and commas`), last]);
  const start = new Date(Date.now() - 2 * 3_600_000);
  const query = '{env="test", host="host-1"}';
  const written = async () => (await readLoki(loki, `${query} |= "${last}"`, start, new Date())).length === 1;
  await until(page, written, "the lines reach Loki");
  const end = new Date();
  await open(page, base, `lines?host=host-1&env=test&start=${start.toISOString()}&end=${end.toISOString()}`);
  const want = await readLoki(loki, query, start, end);
  check(want.length > 5000, `Loki has ${want.length} lines, and not more than a page of an export holds`);
  const ndjson = (await download(page, "NDJSON")).trim().split("\n").map((text) => JSON.parse(text));
  check(sameLines(ndjson.map(({ ts, line }) => `${ts} ${line}`), want), `NDJSON has ${ndjson.length} lines, Loki ${want.length}, or others`);
  const [head, ...rows] = readCsv(await download(page, "CSV"));
  const [time, line] = [head.indexOf("ts_ns"), head.indexOf("line")];
  check(time >= 0 && line >= 0, `the table's columns are ${head}`);
  check(sameLines(rows.map((row) => `${row[time]} ${row[line].replace(/^'(?= *[=+\-@\t\r\n|%])/, "")}`), want), `CSV has ${rows.length} rows, Loki ${want.length} lines, or others`);
}

async function download(page, name) {
  const item = page.getByRole("menuitem", { name });
  await until(page, async () => {
    await page.getByRole("button", { name: "Export the lines" }).click();
    return visible(item, "", 3_000).catch(() => false);
  }, "the menu of exports opens");
  const [file] = await Promise.all([page.waitForEvent("download", { timeout: 60_000 }), item.click()]);
  return readFileSync(await file.path(), "utf8");
}

/** Every line of a query in [start, end), as time and text. */
async function readLoki(loki, query, start, end) {
  const found = [];
  let from = `${start.getTime()}000000`;
  for (;;) {
    const params = new URLSearchParams({ query, start: from, end: `${end.getTime()}000000`, limit: "5000", direction: "forward" });
    const answer = await fetch(`${loki}/loki/api/v1/query_range?${params}`);
    const page = (await answer.json()).data.result.flatMap(({ values }) => values).sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1));
    const last = page.at(-1)?.[0];
    if (page.length < 5000) return [...found, ...page.map(([ts, line]) => `${ts} ${line}`)];
    check(page[0][0] !== last, "lines of one time fill a page of Loki's");
    found.push(...page.filter(([ts]) => ts !== last).map(([ts, line]) => `${ts} ${line}`));
    from = last;
  }
}

function sameLines(got, want) {
  return got.length === want.length && String(got.toSorted()) === String(want.toSorted());
}

function readCsv(text) {
  const rows = [[]];
  for (const match of text.replace(/^\uFEFF/, "").matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (match[3] !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

/** A drag over the histogram zooms; the counts and the lines are of that time. */
export async function brush({ page, base }) {
  await open(page, base, "lines?service=backend");
  const plot = page.locator("figure .u-over").first();
  await visible(plot, "the histogram is drawn");
  const box = await plot.boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.5, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.95, y, { steps: 5 });
  await page.mouse.up();
  await until(page, () => param(page, "start").length === 1 && param(page, "end").length === 1, "the drag zooms");
  const [start, end] = [Date.parse(param(page, "start")[0]), Date.parse(param(page, "end")[0])];
  check(end - start > 10 * 60_000 && end - start < 50 * 60_000, `the zoom is of ${(end - start) / 60_000} min`);
  await page.goBack();
  await until(page, () => param(page, "end").length === 0, "Back takes it out");
}

/** A value in a line, in the facets and in an open line filters in, and out with Alt or the minus. */
export async function filterByEverything({ page, base }) {
  await open(page, base, "lines");
  const cell = page.locator(`${LINE} [data-field=service]`, { hasText: "chat" }).first();
  await page.locator("[data-facet=service][data-value=chat]").click();
  await until(page, () => param(page, "service")[0] === "chat", "a facet filters in");
  await page.getByRole("button", { name: "Leave out service chat" }).click();
  await until(page, () => param(page, "service")[0] === "!chat", "its minus leaves out");
  await page.getByRole("button", { name: "service is not chat" }).click();
  await until(page, () => param(page, "service").length === 0, "a chip takes the filter away");
  await open(page, base, "lines?env=demo");
  await (await visible(cell, "a line names its service")).hover();
  await cell.getByRole("button").click({ modifiers: ["Alt"] });
  await until(page, () => param(page, "service")[0] === "!chat", "Alt-click on a line's value leaves it out");
  await open(page, base, `${CHAT}&q=nested`);
  await page.locator(LINE).first().click();
  await page.getByRole("button", { name: "Only level info" }).click();
  await until(page, () => param(page, "level")[0] === "info", "the plus of a field filters in");
  await page.getByRole("button", { name: "Only logger chat" }).click();
  await until(page, () => param(page, "field")[0] === "logger=chat", "so does that of any other field");
  await visible(page.locator(LINE), "the line is still found");
}

/** A field becomes a column and goes again; its values filter. */
export async function showColumn({ page, base, request }) {
  await open(page, base, `${CHAT}&order=oldest`);
  await page.locator("[aria-label=Fields] button").first().click();
  await page.locator("[data-field=correlation_id]").getByRole("button", { name: "Column correlation_id" }).click();
  await until(page, () => param(page, "col")[0] === "correlation_id", "the column is in the address");
  const head = page.getByRole("list", { name: "Columns" }).getByRole("button");
  const cells = page.locator(`${LINE} [data-field=correlation_id]`);
  await visible(cells, "lines have the column");
  check((await head.innerText()) === "correlation_id", `its head is ${await head.innerText()}`);
  const apart = (await head.boundingBox()).x - (await cells.first().boundingBox()).x;
  check(Math.abs(apart) < 3, `its head stands ${apart} px beside it`);
  const [first, second, ...others] = (await cells.allInnerTexts()).map((text) => text.trim());
  const want = `${request.slice(0, 15)}…`;
  check(first === want && second === want, `the lines of the request have ${first} and ${second}, want ${want}`);
  check(others.length > 0 && others.every((text) => text === "–"), `the lines without the field have ${others}`);
  await head.click();
  await until(page, async () => param(page, "col").length === 0 && (await cells.count()) === 0, "its head takes it away");
  check((await head.count()) === 0, "with the head");
}

/** JSON is shown as a message, indented with its kinds told apart, and raw. */
export async function readJson({ page, base }) {
  await open(page, base, `${CHAT}&q=nested`);
  const line = page.locator(LINE).first();
  check((await line.innerText()).includes("nested") && !(await line.innerText()).includes("{"), `the line is its message, not ${await line.innerText()}`);
  await line.click();
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  const text = await visible(page.locator("pre", { hasText: '"player"' }), "the record is indented");
  check(/"player": \{\n\s+"away": null/.test(await text.innerText()), `the record is indented: ${await text.innerText()}`);
  await page.getByRole("button", { name: "Raw", exact: true }).click();
  await visible(page.locator("pre", { hasText: '{"level":"INFO"' }), "the raw line is as it was logged");
}

/** Colours of a terminal are the page's own; no escape is seen. */
export async function readColours({ page, base }) {
  await open(page, base, `${CHAT}&q=green`);
  const line = page.locator(LINE).first();
  const text = await line.innerText();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is a control character
  check(!/\u001b|\[\d+m/.test(text), `no escape is shown: ${text}`);
  const colour = (word) => line.getByText(word, { exact: true }).evaluate((part) => getComputedStyle(part).color);
  check((await colour("green")) !== (await colour("bold")), "the green word has a colour of its own");
  check((await line.getByText("bold", { exact: true }).evaluate((part) => Number(getComputedStyle(part).fontWeight))) >= 600, "the bold word is bold");
}

/** A long line is cut, and wrapped if asked. */
export async function wrapLines({ page, base }) {
  await open(page, base, `${CHAT}&q=long:`);
  const height = async () => (await page.locator(LINE).first().boundingBox()).height;
  check((await height()) < 30, `a cut line is one row, not ${await height()} px`);
  await page.getByRole("button", { name: "Long lines are cut; wrap them" }).click();
  await until(page, async () => (await height()) > 60, "a wrapped line has several rows");
  check(param(page, "wrap")[0] === "1", "it is in the address");
  await page.getByRole("button", { name: "Long lines are wrapped; cut them" }).click();
  await until(page, async () => (await height()) < 30, "and is cut again");
}

/** The context grows to both sides, in order, without a line twice. */
export async function growContext({ page, base }) {
  await open(page, base, "lines?service=backend&q=Exception");
  await page.locator(LINE).nth(3).click();
  await page.getByRole("button", { name: "Context", exact: true }).click();
  const lines = page.locator("[data-context-line]");
  await visible(lines.nth(2), "the context is shown");
  for (const side of ["before", "after"]) {
    const more = page.getByRole("button", { name: `10 more ${side}` });
    if (!(await more.count())) continue;
    const count = await lines.count();
    await more.click();
    await until(page, async () => (await lines.count()) > count, `the context grows to the side ${side}`);
  }
  const ids = await lines.evaluateAll((all) => all.map((line) => line.dataset.contextLine));
  check(new Set(ids).size === ids.length, "no line is there twice");
  const times = ids.map((id) => BigInt(id.split("-")[0]));
  check(times.every((time, index) => index === 0 || times[index - 1] <= time), "they are in the order of time");
}

/** Newest first or oldest first; the list begins at the other end. */
export async function turnOrder({ page, base }) {
  await open(page, base, CHAT);
  const first = () => page.locator(LINE).first().getAttribute("data-line");
  const newest = await first();
  await page.getByRole("button", { name: /show oldest first/ }).click();
  await until(page, async () => (await first()) !== newest, "the list begins at the other end");
  check(BigInt((await first()).split("-")[0]) < BigInt(newest.split("-")[0]), "the oldest is first");
}

/** Before a query that reads very much it is asked; a word for it, or a shorter time, runs it. */
export async function askBeforeMuch({ page, base, errors }) {
  // So much cannot be in the Loki of a test: what the server says of such a query is made up.
  const isLong = (url) => Date.parse(url.searchParams.get("end")) - Date.parse(url.searchParams.get("start")) > 3 * 3_600_000;
  const refuse = (route) => {
    const url = new URL(route.request().url());
    if (!isLong(url) || url.searchParams.get("cost") === "any") return route.continue();
    const cost = { bytes: 9e9, limit_bytes: 4e9, huge: true };
    return route.fulfill({ status: 400, json: { error: { code: "costly", message: "too much", source: "dashboard" }, cost } });
  };
  const queries = /\/api\/v1\/(logs|volume|labels)\?/;
  await page.route(queries, refuse);
  try {
    const path = new URL("lines?q=e&start=now-7d", base).href;
    const asked = page.locator("[data-cost]", { hasText: "Loki would read up to 9" });
    await page.goto(path);
    await visible(asked, "it is said what the query reads");
    check((await page.locator(LINE).count()) === 0, "no line is read before it is asked");
    await page.getByRole("button", { name: "Run it all the same" }).first().click();
    await visible(page.locator(LINE), "the query runs if it is wanted");
    await page.goto(path);
    await (await visible(asked.getByRole("button", { name: /^Look at the last / }), "a shorter time is offered")).click();
    await until(page, () => !page.url().includes("now-7d"), "the shorter time is in the address");
  } finally {
    await page.unroute(queries);
  }
  errors.splice(0, errors.length, ...errors.filter((text) => !/status of 400/.test(text)));
}

/** What Loki could not answer in full says so, with the reason. */
export async function markPartial({ page, base }) {
  const words = "Loki stopped after 10 s: older lines are missing.";
  await page.route("**/api/v1/logs?*", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), partial: true, warnings: [words] } });
  });
  try {
    await open(page, base, CHAT);
    await visible(page.getByRole("status").filter({ hasText: words }), "the warning stands over the lines");
  } finally {
    await page.unroute("**/api/v1/logs?*");
  }
}

/** The environment of the page filters every view, and stays from one to the next. */
export async function switchEnvironment({ page, base }) {
  await open(page, base, "lines");
  const choice = page.getByRole("menuitemradio", { name: /^demo/ });
  await until(page, async () => {
    await page.getByRole("button", { name: /^Environment: / }).click();
    return visible(choice, "", 3_000).catch(() => false);
  }, "the environments are listed");
  await choice.click();
  await until(page, () => param(page, "env")[0] === "demo", "the environment is in the address");
  await until(page, async () => (await page.locator(LINE).allInnerTexts()).every((text) => text.includes("chat")), "only its lines are shown");
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: /^Issues/ }).first().click();
  await visible(page.locator("[data-issue]"), "its issues are listed");
  check(param(page, "env")[0] === "demo", "the environment goes along");
  check((await page.locator("[data-issue]").allInnerTexts()).every((text) => text.includes("chat")), "only its issues are listed");
}
