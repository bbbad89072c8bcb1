// The live tail while what is between it and Loki fails: nothing is lost, doubled or out of order, and what is left out is counted.

import { check, until, visible } from "./expect.mjs";

const LINE = "[data-line]";
/** How many lines of the past a tail gets at once. */
const BACKLOG = 2000;

/** Opens the live tail of the lines that hold a word of its own, which it returns. */
async function follow(page, base, name) {
  const word = `${name}-${crypto.randomUUID().slice(0, 8)}`;
  await page.goto(new URL(`lines?tail=1&q=${word}`, base).href);
  await visible(page.locator("[data-tail=live]"), "the live tail connects");
  return word;
}

/** Gathers what the page is sent by streams from now on. */
async function watchSent(page) {
  const sent = [];
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.eventSourceMessageReceived", ({ data }) => sent.push(data));
  return { sent, end: () => session.detach() };
}

/** Checks that no line was sent twice: the page would hide it, but all that a tail had would come anew after each cut. */
function checkSentOnce(sent, word, last) {
  for (let number = 1; number <= last; number++) {
    const times = sent.filter((data) => data.includes(`${word} number ${number} end`)).length;
    check(times === 1, `line ${number} is sent ${times} times, not once`);
  }
}

function numbered(word, from, count) {
  return Array.from({ length: count }, (_, index) => `${word} number ${from + index} end`);
}

/** The numbers of the lines that are shown, from top to bottom. */
async function shown(page, word) {
  const texts = await page.locator(LINE).allInnerTexts();
  return texts.map((text) => Number(new RegExp(`${word} number (\\d+) end`).exec(text)?.[1]));
}

/** Waits until the lines up to a number are shown, and checks that they are all there, once and in order. */
async function expectAll(page, word, last, why) {
  await visible(page.locator(LINE, { hasText: `${word} number ${last} end` }), `${why}: line ${last} arrives`, 90_000);
  const numbers = await shown(page, word);
  const want = Array.from({ length: last }, (_, index) => index + 1);
  check(String(numbers) === String(want), `${why}: the tail shows ${numbers}, want 1 to ${last}, each once and in order`);
}

/** Waits until Loki has the line of a number: what resumes later has to fetch it. */
async function inLoki(page, loki, word, number) {
  const params = new URLSearchParams({ query: `{job=~".+"} |= "${word} number ${number} end"` });
  const found = async () => (await (await fetch(`${loki}/loki/api/v1/query_range?${params}`)).json()).data.result.length > 0;
  await until(page, found, `line ${number} reaches Loki`);
}

/** nginx is cut off: what is logged meanwhile is there when it is back. */
export async function resumeAfterCut(run) {
  const { sent, end } = await watchSent(run.page);
  const word = await resume(run, "nginx");
  checkSentOnce(sent, word, 13);
  await end();
}

/** The dashboard is started anew and knows no follow: the lines come from Loki, from where the page has them. */
export async function resumeAfterRestart(run) {
  const asked = [];
  const note = (request) => request.url().includes("/api/v1/tail?") && asked.push(request.url());
  run.page.on("request", note);
  await resume(run, "dashboard", "[data-tail=failed]"); // the browser tries no more by itself
  run.page.off("request", note);
  check(asked.at(-1).includes("&cursor="), `it is asked for from where it was: ${asked.at(-1)}`);
}

/** A part that the tail comes through is away until its state is said; returns the word of the lines, of which there are 13. */
async function resume({ page, base, loki, stage, errors }, part, cut = "[data-tail=reconnecting], [data-tail=failed]") {
  const word = await follow(page, base, `without-${part}`);
  await stage.write(numbered(word, 1, 5));
  await expectAll(page, word, 5, `before ${part} stops`);
  await stage.stop(part);
  await visible(page.locator(cut), "the tail says that it is cut off");
  await stage.write(numbered(word, 6, 5));
  await inLoki(page, loki, word, 10);
  await stage.start(part);
  await expectAll(page, word, 10, `when ${part} is back`);
  await visible(page.locator("[data-tail=live]"), "the tail is live again");
  await stage.write(numbered(word, 11, 3));
  await expectAll(page, word, 13, "and goes on");
  forgetCuts(errors);
  return word;
}

/** More lines than a tail gets at once: the newest are shown, and the number of the others. */
export async function countDropped({ page, base, loki, stage, errors }) {
  const word = await follow(page, base, "flood");
  await stage.write(numbered(word, 1, 1));
  await expectAll(page, word, 1, "before the restart");
  await stage.stop("dashboard");
  await stage.write(numbered(word, 2, BACKLOG + 500));
  const last = BACKLOG + 501;
  await inLoki(page, loki, word, last);
  await stage.start("dashboard");
  await visible(page.locator(LINE, { hasText: `${word} number ${last} end` }), "the newest line is shown", 90_000);
  const words = await visible(page.getByText("left out: too many for this view"), "the tail says that lines are left out");
  const dropped = Number(/[\d,]+/.exec(await words.innerText())[0].replace(",", ""));
  const total = Number((await page.getByText(/ shown$/).innerText()).replace(/\D/g, ""));
  check(dropped > 0 && dropped + total === last, `${dropped} lines are left out and ${total} shown, of ${last}`);
  forgetCuts(errors);
}

/** Scrolled up, the tail stands still and counts; the button leads back to the newest. */
export async function pauseAndReturn({ page, base, stage }) {
  const word = await follow(page, base, "paused");
  await stage.write(numbered(word, 1, 120));
  await visible(page.locator(LINE, { hasText: `${word} number 120 end` }), "the newest line is shown");
  const grid = page.locator("[role=treegrid]");
  await grid.hover();
  await page.mouse.wheel(0, -600);
  await visible(page.getByText("Paused while you read"), "scrolling up pauses the tail");
  const before = await page.locator(LINE).first().getAttribute("data-line");
  await stage.write(numbered(word, 121, 7));
  const back = await visible(page.getByRole("button", { name: /^7 new lines/ }), "the new lines are counted");
  check((await page.locator(LINE).first().getAttribute("data-line")) === before, "new lines do not move what is read");
  await back.click();
  await visible(page.locator(LINE, { hasText: `${word} number 127 end` }), "the button leads to the newest line");
  await visible(page.getByText("Live, newest at the bottom"), "the tail is live again");
}

/** The filter of a tail is the server's: other lines are not sent. */
export async function filterOnServer({ page, base, stage }) {
  const word = await follow(page, base, "wanted");
  const { sent, end } = await watchSent(page);
  await stage.write(["other number 1 end", `${word} number 1 end`, "other number 2 end", `${word} number 2 end`]);
  await expectAll(page, word, 2, "filtered");
  check(sent.some((data) => data.includes(word)) && !sent.some((data) => data.includes("other number")), "lines that do not fit are not sent");
  await end();
  await page.keyboard.press("t");
  await until(page, () => !page.url().includes("tail=1"), "t ends the live tail");
}

// The console tells of a connection that was cut on purpose.
function forgetCuts(errors) {
  const cut = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|status of 502/;
  errors.splice(0, errors.length, ...errors.filter((text) => !cut.test(text)));
}
