import { completionStatus, currentCompletions, startCompletion } from "@codemirror/autocomplete";
import { ensureSyntaxTree } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { act } from "react";
import { beforeEach, describe, expect, it } from "vitest";
import { isTyping } from "../../../app/useShortcuts";
import { parseView } from "../../../state/view";
import { eventually, open, serve, type } from "../../../testing/page";
import { focusSearch } from "../focusSearch";
import { SearchBox } from "../SearchBox";

const BOUNDS = { startMs: 0, endMs: 86_400_000 };
const VALUES: Record<string, string[]> = { service: ["backend", "nginx"], path: ["/api/v1.0", 'a "b"'] };

const FIELDS = [
  { text: "status", kind: "json", type: "int" },
  { text: "trace", kind: "metadata", type: "string" },
];

let asked: URL[];

beforeEach(() => {
  asked = [];
  serve((url) => {
    asked.push(url);
    const name = url.searchParams.get("name");
    const names = Object.keys(VALUES).map((text) => ({ text, kind: "label", type: "" }));
    const fields = url.searchParams.get("of") === "fields" ? FIELDS : [];
    const values = VALUES[name ?? ""] ?? [];
    const options =
      name === null ? [...names, ...fields] : values.map((text) => ({ text, kind: "value", type: "" }));
    return { options };
  });
});

/** Shows the search box with a query that the address has, and waits for its editor. */
async function edit(query: string, more = ""): Promise<EditorView> {
  await open(`/lines?query=${encodeURIComponent(query)}${more}`, <SearchBox logql={BOUNDS} />);
  await eventually(() => expect(view()).not.toBeNull());
  return view() as EditorView;
}

function view(): EditorView | null {
  const content = host()?.shadowRoot?.querySelector<HTMLElement>(".cm-content");
  return content ? EditorView.findFromDOM(content) : null;
}

const host = () => document.querySelector<HTMLElement>("[data-logql]");
const applied = () => parseView(window.location.search);
const text = (editor: EditorView) => editor.state.doc.toString();

/** Writes at the end, as typing does, and waits for what is offered. */
async function write(editor: EditorView, added: string): Promise<string[]> {
  const at = editor.state.doc.length;
  await act(async () =>
    editor.dispatch({
      changes: { from: at, insert: added },
      selection: { anchor: at + added.length },
      userEvent: "input.type",
    }),
  );
  await eventually(() => expect(completionStatus(editor.state)).not.toBe("pending"));
  return currentCompletions(editor.state).map(({ label }) => label);
}

async function press(
  editor: EditorView,
  key: string,
  options: KeyboardEventInit = {},
): Promise<KeyboardEvent> {
  const event = new KeyboardEvent("keydown", {
    key,
    bubbles: true,
    composed: true,
    cancelable: true,
    ...options,
  });
  await act(async () => {
    editor.contentDOM.dispatchEvent(event);
  });
  return event;
}

describe("the LogQL editor", () => {
  it("is in the place of the field, with the query of the address", async () => {
    const editor = await edit('{service="a"} |= "x"');
    expect(text(editor)).toBe('{service="a"} |= "x"');
    expect(document.querySelector("input")).toBeNull();
    expect(editor.contentDOM.getAttribute("aria-label")).toBe("Text that the lines contain");
  });

  it("keeps its styles out of the document, whose policy would refuse them", async () => {
    await edit('{service="a"}');
    expect(document.querySelectorAll("style")).toHaveLength(0);
    expect(host()?.shadowRoot?.adoptedStyleSheets.length).toBeGreaterThan(0);
  });

  it("reads LogQL by its grammar", async () => {
    const editor = await edit('{service="a"} | json | status >= 500');
    const tree = ensureSyntaxTree(editor.state, editor.state.doc.length, 30_000); // a busy machine parses in parts
    expect(tree?.toString()).toContain("NumberFilter");
  });

  it("runs on Enter, and begins a line on Shift-Enter", async () => {
    const editor = await edit('{service="a"}');
    await write(editor, ' |= "b"');
    await press(editor, "Enter", { shiftKey: true });
    await write(editor, '|= "c"');
    expect(applied().query).toBe('{service="a"}');
    await press(editor, "Enter");
    expect(applied().query).toBe('{service="a"} |= "b"\n|= "c"');
  });

  it("runs what is written, also when the page does not know of the last keys yet", async () => {
    const editor = await edit('{service="a"}');
    await act(async () => {
      const at = editor.state.doc.length;
      editor.dispatch({ changes: { from: at, insert: ' |= "b"' }, selection: { anchor: at + 7 } });
      editor.contentDOM.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }),
      );
    });
    expect(applied().query).toBe('{service="a"} |= "b"');
    expect(text(editor)).toBe('{service="a"} |= "b"');
  });

  it.each([
    '{service="nginx"}',
    '{nope="x"}',
    '{service="nginx"} |= "500"',
    '{service="nginx"} | status >= 500',
  ])("runs %s on Enter as it was typed, with what is offered left aside", async (query) => {
    const editor = await edit(query.slice(0, -1));
    await write(editor, query.slice(-1));
    await act(async () => void startCompletion(editor)); // also where a list is open
    await eventually(() => expect(completionStatus(editor.state)).not.toBe("pending"));
    await press(editor, "Enter");
    expect(applied().query).toBe(query);
    expect(text(editor)).toBe(query);
  });

  it("runs on Ctrl-Enter while options are open", async () => {
    const editor = await edit('{service="a"}');
    expect(await write(editor, " |")).toContain("|=");
    await press(editor, "Enter", { ctrlKey: true });
    expect(applied().query).toBe('{service="a"} |');
    expect(completionStatus(editor.state)).toBeNull();
  });

  it("keeps the page's shortcuts from acting on what is typed", async () => {
    const editor = await edit('{service="a"}');
    const heard: boolean[] = [];
    const onKey = (event: KeyboardEvent) => heard.push(isTyping(event));
    window.addEventListener("keydown", onKey);
    await press(editor, "t");
    window.removeEventListener("keydown", onKey);
    expect(heard).toEqual([true]);
  });

  it("follows the address", async () => {
    const editor = await edit('{service="a"}');
    await act(async () => {
      window.history.pushState(null, "", `/lines?query=${encodeURIComponent('{service="b"}')}`);
    });
    await eventually(() => expect(text(editor)).toBe('{service="b"}'));
  });

  it("takes the focus when the search field is asked for", async () => {
    const editor = await edit('{service="a"}');
    focusSearch();
    expect(host()?.shadowRoot?.activeElement).toBe(editor.contentDOM);
  });

  it("becomes the plain field again when the text is no query", async () => {
    const editor = await edit('{service="a"}');
    await act(async () =>
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: "plain" } }),
    );
    await eventually(() => expect(document.querySelector("input")?.value).toBe("plain"));
    expect(host()).toBeNull();
  });
});

describe("the plain field", () => {
  it("has the focus as soon as the editor is gone", async () => {
    const editor = await edit('{service="a"}');
    host()?.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
    const seen: boolean[] = [];
    const watch = new MutationObserver(() => {
      const input = document.querySelector("input");
      if (!input) return;
      watch.disconnect();
      seen.push(document.activeElement === input);
    });
    watch.observe(document.body, { childList: true, subtree: true });
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: "plain" } });
    await eventually(() => expect(seen).toEqual([true]));
  });

  it("keeps the space behind a word that is searched meanwhile", async () => {
    await open("/lines", <SearchBox logql={BOUNDS} />);
    await type("pool ");
    await eventually(() => expect(applied().q).toEqual(["pool"]));
    expect(document.querySelector("input")?.value).toBe("pool ");
  });
});

describe("completion", () => {
  it("offers the labels of the page's range", async () => {
    const editor = await edit('{service="a"}');
    expect(await write(editor, " | drop ser")).toEqual(["service"]);
    expect(asked.map((url) => url.pathname.split("/").at(-1))).toEqual(["completion"]);
    expect(asked[0]?.searchParams.get("start")).toBe("1970-01-01T00:00:00.000Z");
    expect(asked[0]?.searchParams.get("end")).toBe("1970-01-02T00:00:00.000Z");
  });

  it("is of the streams that are written, and of the page's environment", async () => {
    const editor = await edit('{service="a"}', "&env=staging");
    await write(editor, " | keep ser");
    expect(asked[0]?.searchParams.get("query")).toBe('{service="a", env="staging"}');
    expect(asked[0]?.searchParams.get("of")).toBe("fields");
  });

  it("is of the matchers that are complete, while others are written", async () => {
    const editor = await edit('{service="a", env="b",', "&env=staging");
    await write(editor, " pa");
    expect(asked.at(-1)?.searchParams.get("query")).toBe('{service="a", env="b", env="staging"}');
    expect(asked.at(-1)?.searchParams.has("of")).toBe(false);
  });

  it("offers fields with the parser that they need, once", async () => {
    const editor = await edit('{service="a"}');
    expect(await write(editor, " | sta")).toContain("status");
    await press(editor, "Tab");
    expect(text(editor)).toBe('{service="a"} | json | status');
    expect(await write(editor, " >= 500 | tra")).toContain("trace");
    await press(editor, "Tab");
    expect(text(editor)).toBe('{service="a"} | json | status >= 500 | trace');
  });

  it("offers line filters and parsers", async () => {
    const editor = await edit('{service="a"}');
    expect(await write(editor, " |")).toEqual(expect.arrayContaining(["|=", "|~", "| json"]));
    expect(await write(editor, " js")).toContain("json");
  });

  it("does not open behind a part that is complete, where Enter is to run", async () => {
    const editor = await edit('{service="a"}');
    expect(await write(editor, " ")).toEqual([]);
  });

  it.each([
    ["{service=", "ba", '{service="backend"'],
    ['{service="', "ba", '{service="backend"'],
    ['{path=~"', "v1", '{path=~"/api/v1\\\\.0"'],
    ["{path=~`", "v1", "{path=~`/api/v1\\.0`"],
    ['{path="', "a", '{path="a \\"b\\""'],
    ['{service=~"nginx|', "b", '{service=~"nginx|backend"'],
  ])("writes a value into %s with its quotes and escapes", async (before, word, want) => {
    const editor = await edit(before);
    expect(await write(editor, word)).toHaveLength(1);
    await press(editor, "Tab");
    expect(text(editor)).toBe(want);
  });

  it("is taken by Enter once the arrows have chosen it", async () => {
    const editor = await edit("{service=");
    expect(await write(editor, '"')).toEqual(["backend", "nginx"]);
    await press(editor, "ArrowDown");
    await press(editor, "ArrowDown");
    await press(editor, "Enter");
    expect(text(editor)).toBe('{service="nginx"');
    expect(applied().query).toBe("{service=");
  });

  it("runs on Enter what is written already, though it is offered", async () => {
    const editor = await edit('{service="a"} | drop ');
    expect(await write(editor, "service")).toEqual(["service"]);
    await press(editor, "ArrowDown");
    await press(editor, "Enter");
    expect(applied().query).toBe('{service="a"} | drop service');
  });
});

describe("a metric query", () => {
  it("has the editor too", async () => {
    const editor = await edit('sum(rate({service="a"}[5m]))');
    expect(text(editor)).toBe('sum(rate({service="a"}[5m]))');
    await write(editor, " * 2");
    await press(editor, "Enter");
    expect(applied()).toMatchObject({ query: 'sum(rate({service="a"}[5m])) * 2', q: [] });
  });

  it("is completed: windows that fit the range, fields, labels to group by", async () => {
    const editor = await edit('sum(rate({service="a"}');
    expect((await write(editor, " ["))[0]).toBe("30m"); // of a day
    await press(editor, "Tab");
    expect(text(editor)).toBe('sum(rate({service="a"} [30m');
    expect(await write(editor, "])) b")).toEqual(expect.arrayContaining(["by"]));
    await press(editor, "Tab");
    expect(text(editor)).toBe('sum(rate({service="a"} [30m])) by ()');
  });

  it("is completed within its log query, where fields can be unwrapped", async () => {
    const editor = await edit('sum_over_time({service="a"}');
    expect(await write(editor, " | json | unw")).toContain("unwrap");
    expect(asked.at(-1)?.searchParams.get("query")).toBe('{service="a"}');
  });

  it("stays in the editor while its first word is changed, and is a query", async () => {
    const editor = await edit('rate({service="a"}[5m])');
    await act(async () => editor.dispatch({ changes: { from: 0, to: 1, insert: "xr" } }));
    await press(editor, "Enter");
    expect(applied()).toMatchObject({ query: 'xrate({service="a"}[5m])', q: [] });
    expect(view()).toBe(editor);
  });

  it.each([
    ["count_o", '{service="a"} |= "x"', 'count_over_time({service="a"} |= "x" [30m])'],
    ["topk", '{service="a"}', 'topk(5, rate({service="a"} [30m]))'],
    ["avg", 'rate({service="a"}[5m])', 'avg(rate({service="a"}[5m]))'],
  ])("is made by %s before %s", async (word, before, want) => {
    const editor = await edit(before);
    await act(async () =>
      editor.dispatch({
        changes: { from: 0, insert: word },
        selection: { anchor: word.length },
        userEvent: "input.type",
      }),
    );
    await eventually(() => expect(currentCompletions(editor.state).length).toBeGreaterThan(0));
    await press(editor, "Tab");
    expect(text(editor)).toBe(want);
  });
});
