import { describe, expect, it } from "vitest";
import { parseRecord, preview, recordTraceback } from "./message";
import { splitTraceback } from "./traceback";

const TRACE = [
  "Traceback (most recent call last):",
  '  File "/usr/lib/python3.11/site-packages/flask/app.py", line 1473, in wsgi_app',
  "    response = self.full_dispatch_request()",
  "               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
  "sqlalchemy.exc.TimeoutError: pool limit reached",
  "",
  "During handling of the above exception, another exception occurred:",
  "",
  "Traceback (most recent call last):",
  '  File "/app/src/routes.py", line 88, in create_game',
  "    ratio = wins / total",
  "            ~~~~~^~~~~~~",
  "ZeroDivisionError: division by zero",
].join("\n");

describe("preview", () => {
  it("shows the first line and how many follow", () => {
    expect(preview("one\ntwo\nthree\n")).toEqual({ text: "one", moreLines: 2 });
    expect(preview("\n\none\ntwo")).toEqual({ text: "one", moreLines: 3 });
    expect(preview("")).toEqual({ text: "", moreLines: 0 });
  });

  it("shows the message of a JSON record and counts its traceback", () => {
    const line = JSON.stringify({
      level: "ERROR",
      message: "Failed",
      exception: { traceback: ["a\n", "b\n"] },
    });
    expect(preview(line)).toEqual({ text: "Failed", moreLines: 2 });
    expect(preview('{"a":1}')).toEqual({ text: '{"a":1}', moreLines: 0 });
  });

  it("cuts very long lines", () => {
    expect(preview("x".repeat(300_000)).text).toHaveLength(2000);
  });
});

describe("parseRecord", () => {
  it.each(['{"a": NaN}', "{not json}", "[1,2]", '{"cut": "of', "", "null"])("is null for %s", (line) => {
    expect(parseRecord(line)).toBeNull();
  });
});

describe("recordTraceback", () => {
  it("finds it in each of the known places", () => {
    expect(recordTraceback({ exception: "a\nb" })).toBe("a\nb");
    expect(recordTraceback({ exception: { traceback: ["a\n", "b\n"] } })).toBe("a\nb");
    expect(recordTraceback({ stack_trace: ["a", "b"] })).toBe("a\nb");
    expect(recordTraceback({ exception: null, stack_trace: [] })).toBeNull();
  });
});

describe("splitTraceback", () => {
  const split = splitTraceback(`14:03:07 | ERROR | Unexpected error\n${TRACE}`);

  it("parts the record's text from the traceback", () => {
    expect(split?.before).toBe("14:03:07 | ERROR | Unexpected error");
    expect(splitTraceback("no traceback here\n  File nothing")).toBeNull();
  });

  it("knows frames, own and library, code, markers, chains and exceptions", () => {
    const frames = split?.trace.filter((line) => line.kind === "frame");
    expect(frames?.map((frame) => frame.library)).toEqual([true, false]);
    expect(frames?.[1]).toMatchObject({ file: "/app/src/routes.py", line: "88", func: "create_game" });
    expect(split?.trace.filter((line) => line.kind === "marker")).toHaveLength(2);
    expect(split?.trace.filter((line) => line.kind === "chain")).toHaveLength(1);
    expect(split?.trace.filter((line) => line.kind === "exception")).toEqual([
      { kind: "exception", type: "sqlalchemy.exc.TimeoutError", message: "pool limit reached" },
      { kind: "exception", type: "ZeroDivisionError", message: "division by zero" },
    ]);
  });

  it("keeps every line, whatever it is", () => {
    expect(split?.trace).toHaveLength(TRACE.split("\n").length);
    expect(splitTraceback("Traceback (most recent call last):\ncut")?.trace).toHaveLength(2);
  });
});
