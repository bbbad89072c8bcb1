// Measures how soon the logs show lines in headless Chromium, to a reader with a session who has never been here: nothing is in
// the browser's cache. From the environment: BASE_URL, USER, PASSWORD and CHROMIUM as in run.mjs, and RUNS, how often. Prints one
// line of JSON, of which each `measured` has its median (p50) and its 95th percentile (p95):
//   paint_ms   from the navigation to the first paint of content
//   lines_ms   from the navigation to the first frame with lines
//   work_ms    processor time of the page's main thread until then
//   requests   what was asked for until then in the last run, in order: path, start and end in ms

import { withPage } from "./browser.mjs";

const runs = Number(process.env.RUNS);
console.log(JSON.stringify(await withPage(measure)));

async function measure(page, base) {
  await page.addInitScript(noteFirstLines);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const seen = [];
  for (let run = 0; run < runs; run++) seen.push(await open(page, base, session));
  const measured = {};
  for (const name of ["paint_ms", "lines_ms", "work_ms"]) {
    const sorted = seen.map((one) => one[name]).sort((a, b) => a - b);
    measured[name] = { p50: sorted[Math.floor(runs / 2)], p95: sorted[Math.floor(runs * 0.95)] };
  }
  return { measured, requests: seen.at(-1).requests };
}

async function open(page, base, session) {
  await page.goto("about:blank");
  await session.send("Network.clearBrowserCache");
  await page.goto(new URL("lines", base).href, { waitUntil: "commit" });
  await page.waitForFunction(() => window.firstLines);
  const { metrics } = await session.send("Performance.getMetrics");
  const work_ms = metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  return { ...(await page.evaluate(() => window.firstLines)), work_ms };
}

/** In the page: waits for the frame that shows the first lines. */
function noteFirstLines() {
  const look = () => {
    if (document.querySelector("[data-line]")) requestAnimationFrame(note);
    else requestAnimationFrame(look);
  };
  const note = () => {
    const lines_ms = performance.now();
    const paint_ms = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? lines_ms;
    const requests = performance
      .getEntriesByType("resource")
      .filter(({ startTime }) => startTime < lines_ms)
      .map(({ name, startTime, responseEnd }) => ({ path: new URL(name).pathname, start: startTime, end: responseEnd }));
    window.firstLines = { paint_ms, lines_ms, requests };
  };
  requestAnimationFrame(look);
}
