import { act } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Route, Switch } from "wouter";
import type { IssueAction, IssueChange, IssueDetail, IssueEvent, OccurrencesResponse } from "../../api/types";
import { button, click, eventually, open, press, refusal, sees, serve, text, type } from "../../testing/page";
import IssueView from "./IssueView";

vi.mock("../../charts/StackedBars", () => ({
  default: ({ label, ticks }: { label: string; ticks: { label: string }[] }) => (
    <figure aria-label={label}>{ticks.map((tick) => tick.label)}</figure>
  ),
}));

const TRACE = `Exception on /api/games [POST]
Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/psycopg2/extensions.py", line 3, in execute
    raise OperationalError
psycopg2.OperationalError: gone

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/flask/app.py", line 2525, in wsgi_app
    response = self.full_dispatch_request()
  File "/usr/lib/python3/dist-packages/flask/app.py", line 1820, in dispatch
    return view()
  File "/app/src/games.py", line 26, in create
    db.commit()
GameError: cannot create game 5`;

const LABELS = { service: "backend", env: "production", level: "error" };
const evidence = (slot: "first" | "last", ts: string, id: string) => ({
  id,
  ts,
  slot,
  line: TRACE,
  labels: LABELS,
  before: [{ ts, line: "the line before" }],
  after: [],
  context: true,
});

const NOW = Date.now();
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();

const ISSUE: IssueDetail = {
  id: 7,
  title: "GameError: cannot create game 5",
  type: "GameError",
  culprit: "src/games in create",
  kind: "exception",
  service: "backend",
  env: "production",
  level: "error",
  state: "regressed",
  since: ago(20),
  first_seen: ago(9000),
  last_seen: ago(1),
  assignee: "",
  spiking_since: null,
  hashes: 2,
  cut: 0,
  snooze: null,
  explanation: {
    version: "v1",
    key: "v1:00000000000000aa",
    kind: "exception",
    title: "GameError",
    parts: [
      { name: "type", value: "GameError" },
      { name: "frame", value: "src/games in create" },
    ],
  } as unknown as IssueDetail["explanation"],
  groups: ["v1:00000000000000aa", "v1:00000000000000bb"].map((hash) => ({
    hash,
    key: true,
    home: 7,
    reason: "the first event",
    added: ago(9000),
    first_seen: ago(9000),
    last_seen: ago(1),
  })),
  links: [{ issue: 8, title: "GameError: cannot create game 5", reason: "one request logged both" }],
  evidence: [evidence("first", "1764115200000000000", "0a"), evidence("last", "1764115260000000000", "0b")],
  newest: { ts: "1764115260000000000", id: "0b" },
  deploy: { id: 1, service: "backend", env: "production", version: "2b7f1e", source: "ci", at: ago(22) },
};

const EVENT: IssueEvent = {
  id: "0b",
  ts: "1764115260000000000",
  hash: "v1:00000000000000aa",
  service: "backend",
  env: "production",
  level: "error",
  type: "GameError",
  message: "cannot create game 5",
  culprit: "src/games in create",
  text: TRACE,
  correlation_id: "request-77",
  tags: { host: "web-1" },
};

const OCCURRENCES: OccurrencesResponse = {
  start: ago(60),
  end: ago(0),
  step_ms: 600_000,
  total: 41,
  counts: [0, 0, 0, 0, 20, 21],
  tags: [
    { name: "env", events: 41, distinct: 1, values: [{ value: "production", count: 41 }] },
    { name: "user", events: 41, distinct: 9, values: [{ value: "ada", count: 9 }] },
  ],
  sampled: false,
  deploys: [{ id: 1, service: "backend", env: "production", version: "2b7f1e", source: "ci", at: ago(22) }],
};

let acted: IssueAction[];
let issue: IssueDetail;
let events: IssueEvent[];
let changes: IssueChange[];

/** What the API answers at each address; anything else is not found. */
const ANSWERS: readonly [RegExp, (url: URL) => unknown][] = [
  [/\/issues\/\d+$/, () => issue],
  [/\/occurrences$/, () => OCCURRENCES],
  [/\/events$/, eventsOf],
  [/\/history$/, () => ({ changes, next_before: 0 })],
  [/\/users$/, () => ({ names: ["alice", "bob"] })],
  [/\/issues$/, () => ({ issues: [{ ...ISSUE, id: 3, title: "an older one" }], total: 1 })],
  [/\/logs$/, (url) => ({ entries: linesOf(url), warnings: [], partial: false, next_cursor: "" })],
];

/** The stored events, the newest first; from a cursor on the next one in the direction. */
function eventsOf({ searchParams: asked }: URL) {
  const cursor = asked.get("cursor");
  if (!cursor) return { events, next_cursor: "" };
  const from = BigInt(cursor.split("-")[0] ?? 0);
  const isForward = asked.get("direction") === "forward";
  const next = isForward
    ? events.findLast(({ ts }) => BigInt(ts) > from)
    : events.find(({ ts }) => BigInt(ts) < from);
  return { events: next ? [next] : [], next_cursor: "" };
}

/** The lines of the same request for its id, none of other services. */
function linesOf(url: URL) {
  if (!url.searchParams.has("q")) return [];
  const line = (id: string, ts: string, service: string) => ({
    id,
    ts,
    line: `request-77 at ${service}`,
    labels: { ...LABELS, service },
    metadata: {},
  });
  return [line("x", "1764115259880000000", "nginx"), line("y", "1764115260000000000", "backend")];
}

beforeEach(() => {
  vi.stubGlobal(
    "EventSource",
    class extends EventTarget {
      close() {}
    },
  );
  acted = [];
  issue = ISSUE;
  events = [EVENT];
  changes = [];
  serve((url, method, body) => {
    if (method === "POST") {
      acted.push(body as IssueAction);
      return new Response(null, { status: 204 });
    }
    const answer = ANSWERS.find(([path]) => path.test(url.pathname));
    return answer ? answer[1](url) : refusal(404, "There is none.");
  });
});

async function show(path: string): Promise<void> {
  await open(
    path,
    <Switch>
      <Route path="/issues/:id/:part?">
        {({ id, part }) => <IssueView key={id} id={id} part={part} user="alice" />}
      </Route>
    </Switch>,
  );
  await sees("GameError");
}

describe("the page of an issue", () => {
  it("leads to the field for a comment with c, which is not for it while one types there", async () => {
    await show("/issues/7?q=deadlock");
    await press("c");
    await sees("History");
    expect(window.location.pathname + window.location.search).toBe("/issues/7/history?q=deadlock");
    const field = document.querySelector<HTMLElement>("[data-comment]");
    await eventually(() => expect(document.activeElement).toBe(field));
    field?.blur();
    await press("c");
    expect(document.activeElement).toBe(field);
  });

  it("says in words since when it is back, how often and to whom", async () => {
    await show("/issues/7");
    await sees("41 times in 20 min, 9 users, only production.");
    const verdict = document.querySelector("[data-issue-verdict=regressed]")?.textContent ?? "";
    expect(verdict).toMatch(/^Back since deploy 2b7f1e, .*\d\d:\d\d\. 41 times/);
    expect(text()).toContain("The same failure: #8");
  });

  it("shows the last exception on top, what caused it below, and folds the frames of libraries", async () => {
    await show("/issues/7");
    const exceptions = [...document.querySelectorAll("[data-exception]")];
    expect(exceptions.map((one) => one.getAttribute("data-exception"))).toEqual(["raised", "caused by"]);
    expect(exceptions[0]?.textContent).toContain("GameError: cannot create game 5");
    const folded = exceptions[0]?.querySelectorAll("details") ?? [];
    expect([...folded].map((one) => one.querySelector("summary")?.textContent)).toEqual([
      "2 frames of flask",
    ]);
    expect(folded[0]?.open).toBe(false);
    expect(exceptions[1]?.querySelector("summary")?.textContent).toBe("1 frame of psycopg2");
    await click("Open library frames");
    expect(document.querySelector<HTMLDetailsElement>("[data-exception] details")?.open).toBe(true);
  });

  it("leads from tags, frames, places and deploys to the issues that have them, with Alt to those without", async () => {
    await show("/issues/7?start=now-3h&service=backend");
    await sees("ada");
    const address = (name: string) => {
      const found = [...document.querySelectorAll("a")].find((one) => one.textContent === name);
      return decodeURIComponent(found?.getAttribute("href") ?? name);
    };
    expect(address("ada")).toBe("/issues?service=backend&start=now-3h&tag=user=ada");
    expect(address("production")).toBe("/issues?service=backend&env=production&start=now-3h");
    expect(address("create")).toBe("/issues?service=backend&start=now-3h&frame=create");
    expect(address("src/games in create")).toBe("/issues?service=backend&start=now-3h&frame=create");
    expect(address("2b7f1e")).toBe("/issues?service=backend&start=now-3h&deploy=2b7f1e");
    expect(button("Issues without user ada").getAttribute("href")).toContain("user%21%3Dada");
    const frame = [...document.querySelectorAll("[data-traceback] a")].find(
      (one) => one.textContent === "create",
    );
    await act(async () => {
      frame?.dispatchEvent(new MouseEvent("click", { altKey: true, bubbles: true, cancelable: true }));
    });
    await eventually(() => expect(window.location.search).toContain("frame=%21create"));
    expect(window.location.pathname).toBe("/issues");
  });

  describe("with events that are newer than the last that is kept whole", () => {
    const at = (ts: string, id: string, text: string): IssueEvent => ({ ...EVENT, ts, id, text });

    beforeEach(() => {
      events = [
        at("1764115320000000000", "0e", "the newest of all"),
        at("1764115290000000000", "0d", "the one before"),
        EVENT,
      ];
      issue = { ...ISSUE, newest: { ts: "1764115320000000000", id: "0e" } };
    });

    it("starts at the newest, as what was around does", async () => {
      await show("/issues/7");
      await sees("the newest of all");
      expect(text()).toContain("The newest event");
      await eventually(() => expect(button("Newer").hasAttribute("disabled")).toBe(true));
      await show("/issues/7/around");
      await sees("00:02:00.000000000");
    });

    it("walks through all that are stored, in the address", async () => {
      const isLooking = (name: string) => button(name).hasAttribute("aria-disabled");
      await show("/issues/7");
      await eventually(() => expect(isLooking("Older")).toBe(false));
      await click("Older");
      await sees("the one before");
      expect(window.location.search).toBe("?line=1764115290000000000-0d");
      expect(text()).not.toContain("not kept any more");
      await eventually(() => expect(isLooking("Newer")).toBe(false));
      await click("Newer");
      await sees("the newest of all");
      expect(button("Newer").hasAttribute("disabled")).toBe(true);
    });

    it("says where events are kept no more, and leads to the lines of that time", async () => {
      await show("/issues/7?line=1764115260000000000-0b");
      await sees("Between this and the older one");
      const link = decodeURIComponent(button("The lines of that time").getAttribute("href") ?? "");
      expect(link).toContain("/lines?service=backend&env=production");
      expect(link).toContain("start=2025-11-26T00:00:00.000Z&end=2025-11-26T00:01:00.001Z");
      await click("Older");
      await sees("The first event");
      await eventually(() => expect(button("Older").hasAttribute("disabled")).toBe(true));
    });

    it("has one event open in the list, the one that the address names", async () => {
      await show("/issues/7/occurrences");
      await eventually(() => expect(document.querySelectorAll("[data-event]")).toHaveLength(3));
      const open = () =>
        [...document.querySelectorAll("[data-event]:has([aria-expanded=true])")].map((one) =>
          one.getAttribute("data-event"),
        );
      const rows = document.querySelectorAll<HTMLElement>("[data-event] > button");
      expect(open()).toEqual([]);
      await act(async () => rows[0]?.click());
      expect(open()).toEqual(["0e"]);
      await act(async () => rows[1]?.click());
      expect(open()).toEqual(["0d"]);
    });
  });

  it("shows an event that is not among the kept ones, and says when it is gone", async () => {
    events = [{ ...EVENT, id: "0c", ts: "5000000000", text: "another text" }];
    await show("/issues/7?line=5000000000-0c");
    await sees("another text");
    events = [];
    await show("/issues/7?line=6000000000-0d");
    await sees("This event is not kept any more");
  });

  it("draws the occurrences with the deploys", async () => {
    await show("/issues/7/occurrences");
    await eventually(() => expect(document.querySelector("figure")?.textContent).toBe("2b7f1e"));
    expect(document.querySelectorAll("[data-event]")).toHaveLength(1);
  });

  it("lists the lines of the same request with how far they are, apart from those nearby", async () => {
    await show("/issues/7/around");
    await sees("request-77 at nginx");
    const lines = [...document.querySelectorAll("[data-around]")].map((one) => one.textContent);
    expect(lines[0]).toContain("−0.120 s");
    expect(lines).toHaveLength(2);
    await sees("No other service logged a line then.");
  });

  it("says what is missing where an event has no correlation id", async () => {
    events = [{ ...EVENT, correlation_id: "" }];
    await show("/issues/7/around");
    await sees("This event has no correlation id");
  });

  it("explains the grouping and takes a group out", async () => {
    const detail = { from: 7, to: 38, hashes: ["v1:00000000000000bb"] };
    changes = [{ seq: 9, issue: 7, at: ago(0), actor: "alice", kind: "unmerged", detail }];
    await show("/issues/7/grouping");
    expect(text()).toContain("src/games in create");
    await click("Unmerge v1:00000000000000bb");
    await eventually(() =>
      expect(acted).toEqual([{ action: "unmerge", issues: [7], hashes: ["v1:00000000000000bb"] }]),
    );
    await sees("The group is issue 38 now.");
    expect(button("issue 38").getAttribute("href")).toBe("/issues/38");
  });

  it("snoozes until the first of the conditions that are on", async () => {
    await show("/issues/7");
    await press("s");
    await sees("Snooze 1 issue");
    const boxes = [...document.querySelectorAll<HTMLInputElement>("dialog input[type=checkbox]")];
    await act(async () => {
      boxes[0]?.click(); // not until a time
      boxes[1]?.click(); // but until more events
      boxes[2]?.click(); // or a surge
    });
    await act(async () => document.querySelector<HTMLElement>("dialog [type=submit]")?.click());
    await eventually(() =>
      expect(acted).toEqual([{ action: "snooze", issues: [7], snooze: { events: 100, surge: true } }]),
    );
    await sees("Issue 7 snoozed.");
  });

  it("merges into an issue that is looked for by its words", async () => {
    await show("/issues/7");
    await click("Merge");
    await sees("Into the issue with these words");
    await type("older", "dialog input");
    await sees("an older one");
    await act(async () => document.querySelector<HTMLInputElement>("dialog input[type=radio]")?.click());
    await act(async () => document.querySelector<HTMLElement>("dialog [type=submit]")?.click());
    await eventually(() => expect(acted).toEqual([{ action: "merge", issues: [7], into: 3 }]));
  });

  it("says that another issue was merged into it, and that events were cut", async () => {
    issue = { ...ISSUE, cut: 1200 };
    await show("/issues/9");
    expect(text()).toContain("Issue 9 was merged into this one.");
    expect(text()).toContain("1,200 events are counted here only");
  });

  it("offers no second try for an issue that there is not", async () => {
    serve(() => refusal(404, "There is no issue 99."));
    await open("/issues/99", <IssueView id="99" part={undefined} user="alice" />);
    await sees("There is no issue 99.");
    expect(text()).not.toContain("Retry");
  });

  it("shows a Hebrew title in its own direction and a long one whole on hover", async () => {
    issue = { ...ISSUE, title: `שגיאה ${"x".repeat(294)}`, type: "" };
    await show("/issues/7");
    const title = document.querySelector("h1");
    expect(title?.getAttribute("dir")).toBe("auto");
    expect(title?.getAttribute("title")).toHaveLength(300);
  });
});
