// Measures the live tail in headless Chromium while the caller writes lines. From the environment: BASE_URL, USER, PASSWORD,
// CHROMIUM as in run.mjs, LINES (the tail is measured once it shows so many), SECONDS, and WRAP=1 for long lines wrapped. Prints one line of JSON:
//   frame_p95_ms  processor time of the page's main thread in each 1/60 s, its 95th percentile
//   longest_ms    processor time of the main thread's longest task
//   busy_percent  how much of one processor the main thread took
//   scroll_*      the same while a hand scrolls up, a third of a screen each frame; it begins with the pause of the tail
//   leap_*        the same while the scroll bar is dragged through the whole list, so that each frame shows other lines
//   heap_mib      what the page's objects took when the measuring began, after a collection of garbage
//   growth_mib    how much more they took at its end
// It is processor time, not time on the clock, so that what else the machine does is not measured.

import { withPage } from "./browser.mjs";
import { check, until, visible } from "./expect.mjs";

const FRAME_US = 1e6 / 60;
const lines = Number(process.env.LINES);
const seconds = Number(process.env.SECONDS);
console.log(JSON.stringify(await withPage(measure)));

async function measure(page, base) {
  await page.goto(new URL(`lines?tail=1&wrap=${process.env.WRAP ?? ""}`, base).href);
  await visible(page.locator("[data-tail=live]"), "the live tail connects");
  const shown = async () => Number((await page.getByText(/ shown$/).innerText()).replace(/\D/g, ""));
  await until(page, async () => (await shown()) >= lines, `the tail holds ${lines} lines`, lines * 3 + 60_000);

  const session = await page.context().newCDPSession(page);
  const before = await heap(session);
  const live = await trace(session, () => page.waitForTimeout(seconds * 1000));
  const after = await heap(session);
  check((await page.locator("[data-tail=live]").count()) === 1, "the tail is live at the end");

  await page.mouse.move(640, 400); // over the lines, as a hand that scrolls is
  const scroll = await trace(session, () => scrollUp(page, 180, 1 / 3));
  const screens = await page.evaluate(() => {
    const { scrollTop, clientHeight } = document.querySelector("[role=treegrid]").parentElement;
    return scrollTop / clientHeight;
  });
  const leap = await trace(session, () => scrollUp(page, 60, screens / 60));
  return {
    frame_p95_ms: live.frameP95,
    longest_ms: live.longest,
    busy_percent: live.busy,
    scroll_frame_p95_ms: scroll.frameP95,
    scroll_longest_ms: scroll.longest,
    leap_frame_p95_ms: leap.frameP95,
    leap_longest_ms: leap.longest,
    heap_mib: before,
    growth_mib: after - before,
    shown: await shown(),
  };
}

/** Scrolls up for so many frames, by so many screens in each. */
function scrollUp(page, frames, screens) {
  return page.evaluate(
    async ([frames, screens]) => {
      const scroller = document.querySelector("[role=treegrid]").parentElement;
      for (let i = 0; i < frames; i++) {
        scroller.scrollTop -= screens * scroller.clientHeight;
        // After the frame, not in it: so the page draws where it was scrolled to before it is scrolled on.
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
    },
    [frames, screens],
  );
}

async function heap(session) {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize / 2 ** 20;
}

/** What the page's main thread does meanwhile. */
async function trace(session, meanwhile) {
  const events = [];
  const gather = ({ value }) => {
    for (const event of value) if (event.ph === "M" || event.name.endsWith("::RunTask")) events.push(event);
  };
  session.on("Tracing.dataCollected", gather);
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { recordMode: "recordContinuously", includedCategories: ["toplevel"], excludedCategories: ["*"] },
  });
  await meanwhile();
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  session.off("Tracing.dataCollected", gather);
  return summary(events);
}

function summary(events) {
  const isMain = ({ name, args }) => name === "thread_name" && args.name === "CrRendererMain";
  const threads = events.filter(isMain).map(({ pid, tid }) => events.filter((e) => e.ph === "X" && e.pid === pid && e.tid === tid));
  // A browser may keep an idle renderer ready: the page is the busiest.
  const tasks = threads.toSorted((a, b) => b.length - a.length)[0] ?? [];
  check(tasks.some(({ tdur }) => tdur > 0), "the trace has tasks with their processor time");
  const began = tasks.reduce((first, { ts }) => Math.min(first, ts), Number.POSITIVE_INFINITY);
  const frames = [];
  for (const { ts, tdur = 0 } of tasks) {
    const frame = Math.floor((ts - began) / FRAME_US);
    frames[frame] = (frames[frame] ?? 0) + tdur / 1000;
  }
  const sorted = Array.from(frames, (ms) => ms ?? 0).sort((a, b) => a - b);
  const total = sorted.reduce((sum, ms) => sum + ms, 0);
  return {
    frameP95: sorted[Math.floor(sorted.length * 0.95)],
    longest: tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur / 1000), 0),
    busy: (100 * total * 1000) / (sorted.length * FRAME_US),
  };
}
