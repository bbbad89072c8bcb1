// The page without a mouse: an on-call's whole way, and what the focus is at each step of it.

import { check, Failed, until, visible } from "./expect.mjs";
import { go } from "./steps.mjs";

const LINE = "[data-line]";

/** Where the focus is: the element's words, whether it can be told from the others, and whether it is in view. */
function focused(page) {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return { name: "", isLost: true, isMarked: false, isInView: false };
    const marks = (one) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1;
    };
    const box = element.getBoundingClientRect();
    const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
    const y = Math.min(Math.max(box.top + Math.min(box.height, innerHeight) / 2, 0), innerHeight - 1);
    const root = element.getRootNode();
    const top = root.elementFromPoint(x, y);
    const isField = element.matches("[contenteditable], [role=combobox]"); // its caret is seen
    // A list is marked at the box it scrolls in; a box of a label may be what is over it.
    return {
      name: `${element.tagName.toLowerCase()} “${(element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 50)}”`,
      isLost: false,
      isMarked: isField || marks(element) || (element.parentElement !== null && marks(element.parentElement)),
      isInView: box.bottom > 0 && box.top < innerHeight && top !== null && (element.contains(top) || top.contains(element) || (element.closest("label")?.contains(top) ?? false)),
    };
  });
}

/** Checks that the focus is somewhere, and not on the page as a whole. */
async function keepsFocus(page, after) {
  await until(page, async () => !(await focused(page)).isLost, `after ${after} nothing has the focus`);
}

/** Presses Tab until what fits has the focus. */
async function tabTo(page, locator, message, most = 80) {
  for (let presses = 0; presses < most; presses++) {
    if (await locator.evaluateAll((all) => all.includes(document.activeElement))) return;
    await page.keyboard.press("Tab");
  }
  throw new Failed(`${message}: not with ${most} presses of Tab; the focus is at ${(await focused(page)).name}`);
}

/** Tab goes through a view: it is not caught anywhere, and what has the focus is in view and marked. */
export async function walkByTab(page, view) {
  const found = [];
  const names = [];
  for (let presses = 0; presses < 45; presses++) {
    await page.keyboard.press("Tab");
    const { name, isLost, isMarked, isInView } = await focused(page);
    if (isLost) break; // the end of the page: the browser's own buttons are next
    if (!isMarked) found.push(`nothing marks ${name}`);
    if (!isInView) found.push(`${name} has the focus and is not seen`);
    names.push(name);
  }
  const last = names.slice(-5);
  if (last.length === 5 && new Set(last).size === 1) found.push(`Tab is caught at ${last[0]}`);
  if (names.length < 5) found.push(`Tab finds only ${names}`);
  check(found.length === 0, `${view.name} by the keyboard:\n  ${[...new Set(found)].join("\n  ")}`);
}

/** Issues: from the overview by the palette, chosen, assigned, snoozed, resolved, reopened, opened, its tabs. */
export async function workOnIssues({ page, base, known }) {
  await page.goto(base);
  await visible(page.locator("[data-health]"), "the overview is shown");
  await page.keyboard.press("Tab");
  check((await focused(page)).name.includes("Skip to content"), `the first Tab offers to skip to the content, not ${(await focused(page)).name}`);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+k");
  await visible(page.getByRole("combobox", { name: "Search or jump" }), "the palette opens");
  await page.keyboard.press("Escape");
  await keepsFocus(page, "Escape out of the palette");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("go to issues");
  await page.keyboard.press("Enter");
  await visible(page.locator("[data-issue]"), "the palette leads to the issues");
  await keepsFocus(page, "the palette");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await visible(page.getByText("2 chosen"), "x chooses issues");
  await page.keyboard.press("s");
  const snooze = page.getByRole("dialog", { name: "Snooze 2 issues" });
  await visible(snooze, "s asks how long");
  await tabTo(page, snooze.getByRole("button", { name: "4 h" }), "Tab reaches the spans");
  await page.keyboard.press("Escape");
  await until(page, async () => !(await snooze.count()), "Escape closes it");
  await keepsFocus(page, "the snooze that was given up");
  await page.keyboard.press("s");
  await visible(snooze, "s asks again");
  await page.keyboard.press("Enter");
  await visible(page.getByText("2 issues snoozed"), "Enter snoozes them");
  await until(page, async () => !(await snooze.count()), "the dialog is closed");
  await keepsFocus(page, "the snooze");
  await page.keyboard.press("x");
  await page.keyboard.press("a");
  await visible(page.getByText(/Issue \d+ assigned/), "a assigns the chosen issue");
  await page.keyboard.press("x");
  await page.keyboard.press("r");
  await visible(page.getByText(/Issue \d+ (resolved|reopened)/), "r resolves the chosen issue");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await visible(page.locator("[data-issue-verdict]"), "Enter opens an issue");
  await tabTo(page, page.getByRole("link", { name: "Occurrences" }), "Tab reaches the tabs");
  await page.keyboard.press("Enter");
  await visible(page.locator("figure canvas"), "Enter opens the tab");
  await keepsFocus(page, "a tab was opened");
  const state = await page.locator("[data-issue-verdict]").getAttribute("data-issue-verdict");
  await page.keyboard.press("r");
  await until(page, async () => (await page.locator("[data-issue-verdict]").getAttribute("data-issue-verdict")) !== state, "r changes its state");
  await page.goto(new URL(`issues/${known.issue}`, base).href);
  await visible(page.locator("[data-traceback]"), "the traceback is shown");
  const folded = page.locator("[data-traceback] summary");
  if (await folded.count()) {
    await tabTo(page, folded, "Tab reaches the folded frames");
    await page.keyboard.press("Enter");
    await visible(page.locator("[data-traceback] details[open]"), "Enter unfolds them");
  }
}

/** Logs: searched, opened, filtered, context, a link to the line, help, views. */
export async function workOnLogs({ page, base, context }) {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(base);
  await visible(page.locator("[data-health]"), "the overview is shown");
  await go(page, "l", page.locator(LINE), "g l goes to the logs");
  await page.keyboard.press("/");
  await page.keyboard.type("Exception");
  await page.keyboard.press("Enter");
  await visible(page.locator(`${LINE} mark`), "lines are found");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await visible(page.locator(`${LINE}[aria-selected=true]`), "j and k select a line");
  await page.keyboard.press("Enter");
  await visible(page.locator(`${LINE}[aria-expanded=true]`), "Enter opens it");
  const button = (name) => page.getByRole("button", { name });
  await tabTo(page, button("Copy link"), "Tab reaches what can be done with the line");
  await page.keyboard.press("Enter");
  await visible(page.getByText("Copied"), "the link is copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await tabTo(page, page.getByRole("button", { name: "Context", exact: true }), "Tab reaches the context");
  await page.keyboard.press("Enter");
  await visible(page.locator("[data-context-line]"), "the context is shown");
  await keepsFocus(page, "the context was opened");
  await tabTo(page, button(/^Only service /), "Tab reaches the filters of the fields");
  await page.keyboard.press("Enter");
  await until(page, () => page.url().includes("service="), "Enter filters");
  await visible(page.locator(LINE), "lines of the service are shown");
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard and mouse" });
  await visible(help, "? shows the help");
  await page.keyboard.press("Escape");
  await until(page, async () => !(await help.count()), "Escape closes the help");
  await keepsFocus(page, "the help");
  await page.goto(link);
  await visible(page.locator(`${LINE}[aria-expanded=true]`), "the copied link leads to the open line");
  check(new URL(link).pathname === new URL("lines", base).pathname, `the link is below the page's root: ${link}`);
}

/** A query that is typed at once, on a slow machine, before the search and its editor are there: no letter is lost or a shortcut. */
export async function typeAhead({ page, base, context }) {
  const machine = await context.newCDPSession(page);
  for (const from of ["lines", ""]) {
    await page.goto(new URL(from, base).href);
    await visible(page.locator(from === "" ? "[data-health]" : LINE), "the view is shown");
    await machine.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await page.keyboard.press("/");
    await page.keyboard.type('{service="est', { delay: 70 });
    await machine.send("Emulation.setCPUThrottlingRate", { rate: 1 });
    const editor = page.locator("[data-logql]");
    const text = async () => (await editor.count()) && (await editor.getByRole("textbox").innerText());
    await until(page, async () => (await text()) === '{service="est"', `every letter is in the editor, from /${from}`);
    check((await page.getByRole("dialog").count()) === 0, `no letter is a shortcut, from /${from}`);
  }
  await machine.detach();
}

/** c shows the context of a long line where it is seen; Enter right after j opens a line whose beginning stays in view. */
export async function openInView({ page, base }) {
  await page.goto(new URL("lines?q=Traceback", base).href);
  await visible(page.locator(LINE), "lines with a traceback are listed");
  const active = page.locator(`${LINE}[aria-selected=true]`);
  const list = await page.getByRole("treegrid").evaluate((grid) => grid.parentElement.getBoundingClientRect().toJSON());
  const isInList = async (locator) => {
    const box = await locator.first().boundingBox();
    return box !== null && box.y >= list.top - 1 && box.y + 22 <= list.bottom + 1;
  };
  for (let presses = 0; presses < 12; presses++) await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await visible(page.getByRole("button", { name: "Copy line" }), "Enter opens the line");
  await page.waitForTimeout(300); // a scroll that is on its way would be over
  check(await isInList(active), "Enter right after j leaves the line in view");
  await page.keyboard.press("c");
  await visible(page.locator("[data-context-line]").nth(1), "c shows the context");
  check(await isInList(page.locator("[data-context]")), "the context begins in view");
  await until(page, () => isInList(page.locator("[data-context-line][aria-current]")), "the line is seen in its context");
}
