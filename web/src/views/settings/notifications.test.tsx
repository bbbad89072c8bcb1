import { act } from "react";
import { beforeEach, describe, expect, it } from "vitest";
import type { Channel, NotificationsResponse, Rule, SentMessage } from "../../api/types";
import { searchOf } from "../../lib/notify";
import { click, eventually, open, refusal, sees, serve, text } from "../../testing/page";
import NotificationsView from "./NotificationsView";

const CHAT: Channel = {
  id: 1,
  name: "Ops chat",
  kind: "discord",
  enabled: true,
  mail: null,
  digest_minutes: 0,
  repeat_minutes: 60,
  per_hour: 20,
  quiet: null,
  target: "discord.example.org",
  has_secret: false,
  changed_by: "alice",
  changed_at: "2026-03-01T12:00:00Z",
  waiting: 0,
  failure: "",
  remedy: "",
  next_at: null,
};

const MAIL: Channel = {
  ...CHAT,
  id: 2,
  name: "On-call",
  kind: "email",
  mail: {
    host: "smtp.example.org",
    port: 465,
    security: "tls",
    user: "logs",
    from: "logs@example.org",
    to: ["a@example.org", "b@example.org"],
  },
  has_secret: true,
  quiet: { from: "22:00", to: "07:00", zone: "Asia/Jerusalem" },
  target: "a@example.org by smtp.example.org",
};

const ISSUES: Rule = {
  id: 1,
  name: "Production",
  enabled: true,
  channels: [1],
  on: "issues",
  kinds: ["new", "regressed"],
  env: ["production"],
  service: [],
  level: [],
  search: 0,
  query: "",
  view: "",
  count: 0,
  minutes: 0,
  changed_by: "alice",
  changed_at: "2026-03-01T12:00:00Z",
  holds_since: null,
  lines: 0,
  answered_at: null,
  failure: "",
};

const SILENCE: Rule = {
  ...ISSUES,
  id: 2,
  name: "Silent backend",
  on: "silence",
  kinds: [],
  env: [],
  query: '{service="backend"}',
  view: "service=backend",
  minutes: 10,
  holds_since: "2026-03-01T12:00:00Z",
  answered_at: "2026-03-01T12:00:00Z",
};

const SENT: SentMessage = {
  id: 9,
  channel: 1,
  key: "k",
  test: false,
  state: "failed",
  why: "Held in the quiet hours from 22:00 to 07:00.",
  created_at: "2026-03-01T12:00:00Z",
  ended_at: "2026-03-01T12:00:00Z",
  attempts: 3,
  error: "the receiver answers with status 404",
  remedy: "Make another webhook.",
  total: 12,
  repeats: 2,
  events: [
    {
      kind: "regressed",
      title: "<b>pool</b> timeout",
      text: "",
      service: "backend",
      env: "production",
      rule: "Production",
      path: "issues/7",
    },
  ],
};

const SAVED = { view: "", created_by: "alice", created_at: "2026-03-01T12:00:00Z", own: true };
const SEARCHES = [
  { ...SAVED, id: 5, name: "Deadlocks", path: "issues" },
  { ...SAVED, id: 6, name: "Lines", path: "lines" },
];

let answer: NotificationsResponse;
let refuse: string;
let changed: { method: string; path: string; body: unknown }[];

beforeEach(() => {
  changed = [];
  refuse = "";
  answer = { channels: [CHAT, MAIL], rules: [ISSUES, SILENCE], changes: [], links: true, issues: true };
  serve(({ pathname }, method, body) => {
    if (pathname.endsWith("/searches")) return { searches: SEARCHES };
    const path = pathname.replace(/^.*notifications/, "");
    if (method === "GET") return path === "/sent" ? { messages: [SENT], next_before: 0 } : answer;
    changed.push({ method, path, body });
    if (refuse) return refusal(400, refuse);
    if (path.endsWith("/test"))
      return { ok: false, error: "status 404", remedy: "Make another webhook.", took_ms: 3 };
    return method === "POST"
      ? Response.json({ id: 3 }, { status: 201 })
      : new Response(null, { status: 204 });
  });
});

async function show(role: "admin" | "viewer" = "admin", search = ""): Promise<void> {
  await open(`/settings/notifications${search}`, <NotificationsView role={role} />);
  if (role === "admin") await sees("Sent");
}

function fill(name: string, value: string): void {
  const field = document.querySelector<HTMLInputElement>(`dialog [name=${name}]`);
  expect(field, name).not.toBeNull();
  if (field) field.value = value;
}

async function submit(): Promise<void> {
  await act(async () => {
    document
      .querySelector("dialog form")
      ?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  });
}

describe("the settings of notifications", () => {
  it("say first whether messages arrive", async () => {
    await show();
    expect(text()).toContain("2 rules at work, nothing is wrong.");
    const failing = { ...CHAT, waiting: 3, failure: "status 404", remedy: "Make another webhook." };
    answer = { ...answer, channels: [failing] };
    await show();
    expect(text()).toContain("Messages do not arrive: Ops chat.");
    expect(text()).toContain("3 notifications waiting");
    expect(text()).toContain("status 404. Make another webhook.");
  });

  it("say that nobody is told anything while no rule has a channel", async () => {
    answer = { ...answer, rules: [{ ...ISSUES, channels: [] }] };
    await show();
    expect(text()).toContain("Nobody is told anything.");
    expect(text()).toContain("no channel");
  });

  it("say what rules are about and what the looks at Loki found", async () => {
    answer = { ...answer, rules: [ISSUES, SILENCE, { ...SILENCE, id: 3, failure: "Loki does not answer" }] };
    await show();
    expect(text()).toContain("issues: new, came back · production → Ops chat");
    expect(text()).toContain("no line in 10 minutes → Ops chat");
    expect(text()).toContain("Holds since");
    expect(text()).toContain("Loki gave no answer: Loki does not answer. Nothing is told meanwhile");
  });

  it("list what was sent, as text and with what helps", async () => {
    await show();
    await sees("Came back: <b>pool</b> timeout (backend, production)");
    expect(text()).toContain("not sent");
    expect(text()).toContain("and 11 more");
    expect(text()).toContain("Held in the quiet hours");
    expect(text()).toContain("3 attempts");
    expect(text()).toContain("2 repetitions");
    expect([...document.querySelectorAll("a")].map((link) => link.getAttribute("href"))).toContain(
      "/issues/7",
    );
  });

  it("send a test and say what became of it", async () => {
    await show();
    await click("Test");
    await sees("404. Make another webhook.");
    expect(changed).toEqual([{ method: "POST", path: "/channels/1/test", body: {} }]);
  });

  it("keep secrets unless they are entered again", async () => {
    await show();
    await click("Change On-call");
    await submit();
    await eventually(() => expect(document.querySelector("dialog")).toBeNull());
    const { id, target, has_secret, changed_by, changed_at, waiting, failure, remedy, next_at, ...settings } =
      MAIL;
    expect(changed).toEqual([
      { method: "PUT", path: "/channels/2", body: { ...settings, url: "", secret: "" } },
    ]);
  });

  it("add a channel, and stay open when it is refused", async () => {
    refuse = 'the name "x" is in use';
    await show();
    await click("Add a channel");
    await click("Webhook");
    fill("name", "x");
    fill("url", "https://example.org/hook");
    fill("secret", "0123456789abcdef");
    await submit();
    await sees("is in use");
    expect(changed[0]?.body).toMatchObject({
      name: "x",
      kind: "webhook",
      url: "https://example.org/hook",
      secret: "0123456789abcdef",
      enabled: true,
      mail: null,
      quiet: null,
    });
    refuse = "";
    await submit();
    await eventually(() => expect(document.querySelector("dialog")).toBeNull());
  });

  it("make a rule of the address of the page Logs", async () => {
    await show();
    await click("Add a rule");
    await click("Search matches");
    fill("name", "timeouts");
    fill(
      "query",
      "https://host.example.org/logs/lines?service=backend&q=pool+timeout&start=now-6h&tail=1&wrap=1",
    );
    fill("count", "5");
    await submit();
    await eventually(() => expect(changed).toHaveLength(1));
    expect(changed[0]?.body).toEqual({
      name: "timeouts",
      enabled: true,
      channels: [],
      on: "matches",
      query: '{service="backend"} |~ "(?i)pool timeout"',
      view: "service=backend&q=pool+timeout",
      count: 5,
      minutes: 10,
    });
  });

  it("make a rule of the filters that the page Logs had", async () => {
    await show("admin", "?env=staging&q=deadlock&start=now-6h");
    await click("Add a rule");
    await click("Search is silent");
    fill("name", "deadlocks");
    await submit();
    await eventually(() => expect(changed).toHaveLength(1));
    expect(changed[0]?.body).toMatchObject({
      query: '{service=~".+", env="staging"} |~ "(?i)deadlock"',
      view: "env=staging&q=deadlock",
    });
  });

  it("offer the saved searches of issues, and keep the one that a rule has", async () => {
    answer = { ...answer, rules: [{ ...ISSUES, search: 5 }] };
    await show();
    await sees("came back · production · listed by “Deadlocks” →");
    await click("Change Production");
    const choice = document.querySelector<HTMLSelectElement>("dialog [name=search]");
    expect([...(choice?.options ?? [])].map((option) => option.textContent)).toEqual(["any", "Deadlocks"]);
    await submit();
    await eventually(() => expect(changed).toHaveLength(1));
    expect(changed[0]?.body).toMatchObject({ on: "issues", search: 5, env: ["production"] });
  });

  it("keep the address of a rule whose search did not change", async () => {
    await show();
    await click("Change Silent backend");
    fill("minutes", "20");
    await submit();
    await eventually(() => expect(changed).toHaveLength(1));
    expect(changed[0]?.body).toMatchObject({ query: SILENCE.query, view: SILENCE.view, minutes: 20 });
  });

  it("ask before something is deleted", async () => {
    await show();
    await click("Change Production");
    await click("Delete …");
    expect(changed).toEqual([]);
    await click("Delete it for good");
    await eventually(() => expect(changed).toEqual([{ method: "DELETE", path: "/rules/1", body: {} }]));
  });

  it("are the admin's", async () => {
    await show("viewer");
    expect(text()).toContain("Only an admin sees notifications");
    expect(text()).not.toContain("Ops chat");
  });
});

describe("a search that was entered", () => {
  it("is a query, or the filters of an address", () => {
    const query = '{service="backend"} |= "lines?service=nginx"';
    expect(searchOf(` ${query} `)).toEqual({ query, view: "" });
    expect(searchOf("/logs/lines?field=status%3D500")).toEqual({
      query: '{service=~".+"} | status = "500"',
      view: "field=status%3D500",
    });
    expect(searchOf("lines?level=!debug&start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z")).toEqual({
      query: '{service=~".+", level!="debug"}',
      view: "level=%21debug",
    });
  });
});
