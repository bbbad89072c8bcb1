import { act } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { IssueAction, IssueRow, IssuesResponse, IssueUsersResponse } from "../../api/types";
import { click, eventually, open, press, sees, serve, text } from "../../testing/page";
import IssuesView from "./IssuesView";

const ROW: IssueRow = {
  id: 1,
  title: "ValueError: bad slot",
  type: "ValueError",
  culprit: "app in parse",
  kind: "exception",
  service: "backend",
  env: "production",
  level: "error",
  state: "regressed",
  since: "2026-03-01T12:00:00Z",
  first_seen: "2026-02-01T12:00:00Z",
  last_seen: "2026-03-01T12:00:00Z",
  assignee: "alice",
  spiking_since: "2026-03-01T12:00:00Z",
  hashes: 1,
  cut: 0,
  events: 1234,
  twin: 0,
  series: [0, 1, 0, 5],
};

const ANSWER: IssuesResponse = {
  total: 2,
  issues: [ROW, { ...ROW, id: 2, title: "disk is full", type: "", state: "new", spiking_since: null }],
  summary: {
    states: { new: 1, regressed: 1 },
    spiking: 1,
    new: 1,
    back: 1,
    since: "2026-03-01T11:00:00Z",
    deploy: null,
  },
  series_start: "2026-03-01T00:00:00Z",
  step_ms: 3_600_000,
  seq: 5,
  index: { cursor: "2026-03-01T12:00:00Z", lag_ms: 300, failure: "", since: null },
};

const USERS: IssueUsersResponse = {
  issues: [
    { issue: 1, users: 9, sampled: true },
    { issue: 2, users: 0, sampled: false },
  ],
};

/** What of an issue its info mark shows. */
const DETAIL = {
  groups: [{ key: true }],
  explanation: { parts: [{ name: "frame", value: "app in parse (counted)" }] },
};

let asked: URL[];
let acted: IssueAction[];
let answer: IssuesResponse;
let say: (data: string) => void;

/** An EventSource that says what the test tells it. */
class FakeSource extends EventTarget {
  constructor() {
    super();
    say = (data) => this.dispatchEvent(new MessageEvent("changes", { data }));
  }
  close() {}
}

beforeEach(() => {
  vi.stubGlobal("EventSource", FakeSource);
  sessionStorage.clear();
  // The page has no layout here: without a height the list would have no row in view.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(880);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(1280);
  asked = [];
  acted = [];
  answer = ANSWER;
  serve((url, method, body) => {
    if (method === "POST") {
      acted.push(body as IssueAction);
      return new Response(null, { status: 204 });
    }
    asked.push(url);
    if (url.pathname.endsWith("/issues/1")) return DETAIL;
    if (url.pathname.endsWith("/issues/users")) return USERS;
    if (url.pathname.endsWith("/users")) return { names: ["alice", "bob"] };
    return answer;
  });
});

async function show(search = ""): Promise<void> {
  await open(`/issues${search}`, <IssuesView user="alice" />);
  await sees("in this time");
}

const rows = () => [...document.querySelectorAll<HTMLElement>("[data-issue]")];

describe("the list of issues", () => {
  it("shows title, state, spike, place, count and assignee of each", async () => {
    await show();
    await eventually(() => expect(rows()[0]?.textContent).toContain("9+"));
    expect(rows()).toHaveLength(2);
    const [first, second] = rows();
    for (const words of [
      "ValueError bad slot",
      "regressed",
      "spiking",
      "backend · production",
      "1.2k",
      "→ alice",
    ])
      expect(first?.textContent).toContain(words);
    expect(second?.textContent).toContain("disk is full");
    expect(second?.textContent).not.toContain("spiking");
    expect(first?.querySelector("svg[role=img]")?.getAttribute("aria-label")).toBe(
      "6 events in 4 hours, at most 5 in 1 hour",
    );
  });

  it("asks for what the address says", async () => {
    await show(
      "?state=new&state=gone&assignee=&q=disk&sort=events&service=a&service=!b&env=prod&host=h&tag=user=ada&tag=user!=bob&frame=pay&deploy=!v1&job=x",
    );
    const params = asked[0]?.searchParams;
    expect(params?.getAll("state")).toEqual(["new"]);
    expect(params?.getAll("assignee")).toEqual([""]);
    expect(params?.get("q")).toBe("disk");
    expect(params?.get("sort")).toBe("events");
    expect(params?.getAll("service")).toEqual(["a", "!b"]);
    expect(params?.getAll("tag")).toEqual(["user=ada", "user!=bob"]);
    expect([params?.get("host"), params?.get("frame"), params?.get("deploy")]).toEqual(["h", "pay", "!v1"]);
    expect(text()).toContain("all their events count");
    expect(params?.get("env")).toBe("prod");
    expect(text()).toContain("these filters do not count here");
  });

  it("resolves by the keyboard what was chosen by the keyboard", async () => {
    await show();
    await press("j");
    await press("j");
    await press("x");
    expect(text()).toContain("1 chosen");
    await press("r");
    await eventually(() => expect(acted).toEqual([{ action: "resolve", issues: [2] }]));
    await sees("Issue 2 resolved.");
  });

  it("says that issues changed and does not move the list by itself", async () => {
    await show();
    const before = asked.length;
    const old = { seq: 5, issue: 2, at: "2026-03-01T12:00:00Z", actor: "", kind: "created", detail: {} };
    const changes = [
      old,
      { seq: 6, issue: 1, at: "2026-03-01T12:00:00Z", actor: "", kind: "resolved", detail: {} },
    ];
    await act(async () => say(JSON.stringify({ changes })));
    expect(text()).toContain("1 change: load them");
    expect(asked).toHaveLength(before);
  });

  it("says that the list is behind when Loki cannot be read", async () => {
    answer = { ...ANSWER, index: { cursor: null, lag_ms: 0, failure: "Loki does not answer.", since: null } };
    await show();
    expect(text()).toContain("New errors are not read from Loki: Loki does not answer. It goes on");
  });

  it("offers to clear the filters when nothing fits", async () => {
    answer = { ...ANSWER, total: 0, issues: [] };
    await show("?state=resolved");
    expect(text()).toContain("No issue fits these filters");
    await click("Clear the filters");
    expect(window.location.search).toBe("");
  });

  it("answers first what is new and what came back", async () => {
    await show();
    expect(document.querySelector("h1")?.textContent).toBe(
      "1 new, 1 came back, all of them in the last hour, 1 spiking",
    );
    const chips = [...document.querySelectorAll("fieldset button")].map((chip) => chip.textContent);
    expect(chips).toContain("new1");
    expect(chips).toContain("snoozed0");
  });

  it("has no more rows in the page than are in view, and loads on near the end", async () => {
    const page = Array.from({ length: 100 }, (_, index) => ({ ...ROW, id: index + 1 }));
    answer = { ...ANSWER, total: 10_000, issues: page };
    await show();
    await eventually(() => expect(rows().length).toBeGreaterThan(0));
    expect(rows().length).toBeLessThan(60);
    expect(rows()[0]?.getAttribute("aria-setsize")).toBe("10000");
    const lists = () => asked.filter(({ pathname }) => pathname.endsWith("/issues"));
    expect(lists()).toHaveLength(1);
    const scroller = document.querySelector("ul[aria-label=Issues]")?.parentElement as HTMLElement;
    await act(async () => {
      scroller.scrollTop = 80 * 44;
      scroller.dispatchEvent(new Event("scroll"));
    });
    await eventually(() => expect(lists().at(-1)?.searchParams.get("offset")).toBe("100"));
  });

  it("names the function on narrow screens too, where rows have the same title", async () => {
    await show();
    expect(text("[data-issue]")).toContain("1.2k× · parse · ");
  });

  it("chooses all that are loaded for one action, and says when some are chosen", async () => {
    await show();
    const box = document.querySelector<HTMLInputElement>("[aria-label='Choose all that are loaded']");
    await press("j");
    await press("x");
    expect(box).toMatchObject({ checked: false, indeterminate: true });
    await act(async () => box?.click());
    expect(box).toMatchObject({ checked: true, indeterminate: false });
    expect(text()).toContain("2 chosen");
    await press("a");
    await eventually(() => expect(acted).toEqual([{ action: "assign", issues: [1, 2], assignee: "alice" }]));
  });

  it("comes back to the row where it was left, but not for other filters", async () => {
    await show();
    await press("j");
    await press("j");
    const current = () => document.querySelector("[aria-current=true]")?.getAttribute("data-issue");
    expect(current()).toBe("2");
    await show();
    await eventually(() => expect(current()).toBe("2"));
    await show("?state=new");
    expect(current()).toBeUndefined();
  });

  it("explains on the info mark why events are one issue", async () => {
    await show();
    const mark = () => document.querySelector<HTMLElement>("[aria-label='Why issue 1 is one']");
    await eventually(() => expect(mark()).not.toBeNull());
    await act(async () => mark()?.click());
    await sees("One issue, because these are equal");
    expect(text()).toContain("app in parse (counted)");
  });
});
