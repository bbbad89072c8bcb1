import { describe, expect, it } from "vitest";
import { foldWords, hasOwnFrames, libraryOf, readStack } from "./stack";
import { splitTraceback } from "./traceback";

const CHAIN = `Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/sqlalchemy/engine/base.py", line 1900, in _execute_context
    self.dialect.do_execute(
  File "/usr/lib/python3/dist-packages/psycopg2/extensions.py", line 3, in execute
psycopg2.OperationalError: server closed the connection unexpectedly
	This probably means the server terminated abnormally

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/flask/app.py", line 2525, in wsgi_app
    response = self.full_dispatch_request()
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/app/src/app/routes/game_routes.py", line 31, in list_requests
    return query.all()
  [Previous line repeated 3 more times]
  File "<frozen importlib._bootstrap>", line 1, in _call
sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) server closed the connection
[SQL: SELECT 1]

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/src/app/errors.py", line 7, in handle
    raise Wrapped()
app.errors.Wrapped
`;

const read = (text: string) => readStack(splitTraceback(text)?.trace ?? []);

describe("readStack", () => {
  it("stacks a chain with the last exception on top, each with how it came to it", () => {
    const stack = read(CHAIN) ?? [];
    expect(stack.map(({ relation, type }) => [relation, type])).toEqual([
      ["raised", "app.errors.Wrapped"],
      ["raised while handling", "sqlalchemy.exc.OperationalError"],
      ["caused by", "psycopg2.OperationalError"],
    ]);
    expect(stack[1]?.more).toBe("[SQL: SELECT 1]");
    expect(stack[2]?.more).toBe("This probably means the server terminated abnormally");
  });

  it("parts own frames from those of libraries, with their source", () => {
    const groups = read(CHAIN)?.[1]?.groups ?? [];
    expect(groups.map(({ own, libraries }) => [own, libraries])).toEqual([
      [false, ["flask"]],
      [true, []],
      [false, ["Python"]],
    ]);
    expect(groups[0]?.frames[0]?.below.map(({ kind }) => kind)).toEqual(["code", "marker"]);
    expect(groups[1]?.frames[0]?.below).toHaveLength(2);
  });

  it("tells where there are own frames to look at", () => {
    expect(hasOwnFrames(read(CHAIN) ?? [])).toBe(true);
    expect(hasOwnFrames((read(CHAIN) ?? []).slice(-1))).toBe(false);
  });

  it.each([
    [
      "an exception group",
      'Traceback (most recent call last):\n  | File "a.py", line 1\n  +-+---- 1 ----\nE: x',
    ],
    ["a traceback that was cut", 'Traceback (most recent call last):\n  File "a.py", line 1, in f'],
    ["a head alone", "Traceback (most recent call last):"],
  ])("leaves %s as it is", (_name, text) => expect(read(text)).toBeNull());

  it.each([
    ["/usr/lib/python3/dist-packages/flask/app.py", "flask"],
    ["/venv/lib/python3.11/site-packages/six.py", "six"],
    ["/usr/lib/python3.11/_strptime.py", "Python"],
    ["<frozen importlib._bootstrap>", "Python"],
  ])("names the library of %s", (file, want) => expect(libraryOf(file)).toBe(want));

  it("names what is folded", () => {
    const group = (libraries: string[], count: number) => ({ own: false, libraries, frames: Array(count) });
    expect(foldWords(group(["sqlalchemy"], 6))).toBe("6 frames of sqlalchemy");
    expect(foldWords(group(["flask"], 1))).toBe("1 frame of flask");
    expect(foldWords(group(["flask", "werkzeug"], 2))).toBe("2 frames of flask and werkzeug");
    expect(foldWords(group(["a", "b", "c", "d"], 9))).toBe("9 frames of a, b and 2 more");
  });
});
