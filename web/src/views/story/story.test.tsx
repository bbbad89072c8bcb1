import { beforeEach, describe, expect, it } from "vitest";
import type { Entry, Story } from "../../api/types";
import { open, press, sees, serve, text } from "../../testing/page";
import StoryView from "./StoryView";

const HOSTILE = '<img src=x onerror="alert(1)">';

function entry(ts: string, service: string, line: string): Entry {
  return {
    id: `${ts}-${service}`,
    ts,
    line,
    labels: { service, env: "production", level: "info" },
    metadata: {},
  };
}

const STORY: Story = {
  id: "abcd",
  start: "2025-11-25T00:00:00Z",
  end: "2025-11-26T00:00:00Z",
  lines: [
    {
      entry: entry("1764115200000000000", "nginx", `GET / request_id=abcd ${HOSTILE}`),
      gap_ms: null,
      found_in: "text",
    },
    { entry: entry("1764115200085000000", "backend", "served"), gap_ms: 85, found_in: "correlation_id" },
  ],
  cut: false,
  nearby: [entry("1764115201000000000", "pgbouncer", "closing because: client close request")],
  nearby_cut: true,
  partial: true,
  warnings: ["Loki did not answer in time"],
};

let asked: URLSearchParams[];
let answer: Story;

beforeEach(() => {
  asked = [];
  answer = STORY;
  serve(({ pathname, searchParams }) => {
    if (pathname.endsWith("/logs")) return { entries: [], next_cursor: "" };
    asked.push(searchParams);
    return answer;
  });
});

async function show(search: string, until: string): Promise<void> {
  await open(`/story${search}`, <StoryView />);
  await sees(until);
}

describe("the story of a request", () => {
  it("says first how much there is, then who spoke when, with the gaps", async () => {
    await show("?id=abcd", "2 lines of 2 services within 85 ms");
    expect(
      [...document.querySelectorAll("[data-lane]")].map((lane) => lane.getAttribute("data-lane")),
    ).toEqual(["nginx", "backend", "pgbouncer"]);
    expect(document.querySelectorAll("[data-told=own]")[1]?.textContent).toContain("+85 ms");
    expect(document.querySelector("img")).toBeNull();
  });

  it("keeps what is only near apart, and says what is missing", async () => {
    await show("?id=abcd", "closing because");
    const near = document.querySelector("[aria-label='Lines nearby']");
    expect(near?.textContent).toContain("+1 s");
    expect(document.querySelector("[aria-label='Lines of the request']")?.textContent).not.toContain(
      "closing",
    );
    expect(text()).toContain("nothing says that they belong to it");
    expect(text()).toContain("The 1 nearest; there are more");
    expect(text()).toContain("Loki did not answer in time");
    expect(text()).toContain("nginx writes whole seconds");
  });

  it("goes along the lines of both lists with j and k", async () => {
    await show("?id=abcd", "closing because");
    const at = () => document.activeElement?.textContent ?? "";
    await press("j");
    expect(at()).toContain("request_id=abcd");
    await press("j");
    await press("j");
    expect(at()).toContain("closing");
    await press("k");
    expect(at()).toContain("served");
  });

  it("shows a line with what its stream said before and after with c, but not with Ctrl-C", async () => {
    await show("?id=abcd", "closing because");
    await press("j");
    const context = () => document.querySelector("[data-context]");
    await press("c", { ctrlKey: true });
    expect(context()).toBeNull();
    await press("c");
    expect(context()).not.toBeNull();
    await press("c");
    expect(context()).toBeNull();
  });

  it("looks at least a day back for a bare id, and exactly where a closed range says", async () => {
    await show("?id=abcd", "2 lines");
    const span = (params: URLSearchParams | undefined) =>
      Date.parse(params?.get("end") ?? "") - Date.parse(params?.get("start") ?? "");
    expect(span(asked[0])).toBe(86_400_000);
    await show("?id=abcd&start=2025-11-25T23:00:00Z&end=2025-11-26T00:00:00Z", "2 lines");
    expect(span(asked.at(-1))).toBe(3_600_000);
  });

  it("says where it looked for an unknown id, and how services come to say it", async () => {
    answer = { ...STORY, lines: [], nearby: [], partial: false, warnings: [] };
    await show("?id=abcd", "No line carries this id");
    expect(text()).toContain("in the last day");
    expect(text()).toContain("Look in the last 7 days");
    expect(document.querySelector("details")?.open).toBe(true);
    expect(text()).toContain("request_id=$story_id");
    expect(text()).toContain("%(correlation_id)s");
  });

  it("asks for an id without one, and asks Loki nothing", async () => {
    await show("", "The story of a request");
    expect(asked).toEqual([]);
  });
});
