// What the page is proved to do beyond the way of run.mjs: views and actions, each with what tries it, none building on another.

import * as bidi from "./bidi.mjs";
import * as bulk from "./bulk.mjs";
import * as keyboard from "./keyboard.mjs";
import * as lines from "./lines.mjs";
import * as links from "./links.mjs";
import * as looks from "./looks.mjs";
import * as metric from "./metric.mjs";
import * as phone from "./phone.mjs";
import * as states from "./states.mjs";
import * as tail from "./tail.mjs";
import * as views from "./views.mjs";

/** All there is to try on a page that has an issue, an alert and a request's story. */
export function listCoverage(known) {
  const everyView = views.listViews(known).map((view) => ({
    view: view.name,
    action: "address, axe in light and dark, 200 %, Tab",
    run: (stage) => views.seeView(stage, view),
  }));
  return [...everyView, ...ACTIONS];
}

const ACTIONS = [
  { view: "overview", action: "its address without the slash", run: links.openWithoutSlash },
  { view: "all", action: "unknown addresses", run: links.openUnknown },
  { view: "all", action: "Back and Forward", run: links.goBackAndForward },
  { view: "issues", action: "by the keyboard", run: keyboard.workOnIssues },
  { view: "logs", action: "by the keyboard", run: keyboard.workOnLogs },
  { view: "logs", action: "typed before the search is there", run: keyboard.typeAhead },
  { view: "logs", action: "a line and its context open in view", run: keyboard.openInView },
  { view: "all", action: "on a phone", run: phone.seeOnPhone },
  { view: "all", action: "sheets and menus on a phone", run: phone.openSheets },
  { view: "sign-in", action: "on a phone, keeps the address", run: phone.logInOnPhone },
  { view: "all", action: "dark and light with the system", run: looks.followSystem },
  { view: "all", action: "little motion, and less if asked", run: looks.moveLittle },
  { view: "all", action: "what opens over the page: axe, focus", run: looks.openOverlays },
  { view: "logs", action: "axe on an open line", run: looks.openLine },
  { view: "logs", action: "right to left", run: bidi.seeLines },
  { view: "logs", action: "search in Hebrew", run: bidi.search },
  { view: "issues", action: "right to left", run: bidi.seeIssue },
  { view: "story and patterns", action: "right to left", run: bidi.seeStoryAndPatterns },
  { view: "logs", action: "export: all that Loki has", run: lines.exportAll },
  { view: "logs", action: "brush zoom", run: lines.brush },
  { view: "logs", action: "everything is a filter", run: lines.filterByEverything },
  { view: "logs", action: "a field as a column", run: lines.showColumn },
  { view: "logs", action: "JSON", run: lines.readJson },
  { view: "logs", action: "ANSI colours", run: lines.readColours },
  { view: "logs", action: "wrap", run: lines.wrapLines },
  { view: "logs", action: "context to both sides", run: lines.growContext },
  { view: "logs", action: "order", run: lines.turnOrder },
  { view: "logs", action: "a metric query", run: metric.drawMetric },
  { view: "logs", action: "cost guard", run: lines.askBeforeMuch },
  { view: "logs", action: "partial answers", run: lines.markPartial },
  { view: "all", action: "environment", run: lines.switchEnvironment },
  { view: "issues", action: "several at once", run: bulk.actOnSeveral },
  { view: "logs, issues", action: "nothing found", run: states.findNothing },
  { view: "sign-in", action: "an ended session", run: states.endSession },
  { view: "tail", action: "resumes after a cut", run: tail.resumeAfterCut },
  { view: "tail", action: "resumes after a restart of the dashboard", run: tail.resumeAfterRestart },
  { view: "tail", action: "counts what is left out", run: tail.countDropped },
  { view: "tail", action: "pauses and returns", run: tail.pauseAndReturn },
  { view: "tail", action: "filters on the server", run: tail.filterOnServer },
  { view: "all", action: "Loki away", run: states.loseLoki },
  { view: "overview, health", action: "Prometheus away", run: states.losePrometheus },
];
