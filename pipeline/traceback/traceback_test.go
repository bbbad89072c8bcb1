package traceback

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A case is a stream of lines; the entries are separated by a line "----".
var cases = []struct{ name, text string }{
	{"a traceback belongs to its error record", `21:54:56 | ERROR | Exception on /api
Traceback (most recent call last):
  File "/app/a.py", line 1, in f
    x()
    ^^^
KeyError: 'a'
----
21:54:56 | INFO | Request completed`},
	{"a traceback behind an information is alone", `21:54:56 | INFO | Request completed
----
Traceback (most recent call last):
  File "/app/a.py", line 1, in f
KeyError: 'a'`},
	{"a traceback behind an unrelated warning is alone", `2026-03-05 10:00:00,123 WARNING app slow
----
Traceback (most recent call last):
  File "/app/a.py", line 1, in f
KeyError: 'a'`},
	{"a traceback behind a warning about a failure belongs to it", `2026-03-05 10:00:00,123 WARNING app retry failed
Traceback (most recent call last):
  File "/app/a.py", line 1, in f
KeyError: 'a'`},
	{"an error message of several lines before its traceback", `21:54:57 | ERROR | Database error: (psycopg2.errors.X) invalid
LINE 1: select 'a'::int
               ^

[SQL: select 'a'::int]
(Background on this error at: https://sqlalche.me/e/14/9h9h)
Traceback (most recent call last):
  File "/app/a.py", line 1, in f
psycopg2.errors.X: invalid
LINE 1: select 'a'::int
               ^


The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/a.py", line 1, in f
sqlalchemy.exc.DataError: (psycopg2.errors.X) invalid

[SQL: select 'a'::int]
----
21:54:57 | INFO | Request completed`},
	{"an alert of several lines", `21:55:00 | CRITICAL | operation detected
Operation: DROP
User: unknown (ID: unknown)
----
21:55:00 | INFO | Request completed`},
	{"a print with a pictogram is no second line", "21:55:00 | ERROR | boom\n----\n🚀 Starting\n----\n⚠️ careful"},
	{"two tracebacks alone are two", `Traceback (most recent call last):
  File "/app/a.py", line 1, in f
KeyError: 'a'
----
Traceback (most recent call last):
  File "/app/a.py", line 2, in f
KeyError: 'b'
----
plain line`},
	{"a text that is spelled out in the source", `Traceback (most recent call last):
  File "/app/a.py", line 4, in <module>
    raise E('one\ntwo %d\n\n  three' % n)
E: one
two 7

  three
----
plain line`},
	{"a SyntaxError alone behind a traceback", `Traceback (most recent call last):
  File "/app/a.py", line 1, in f
KeyError: 'a'
----
  File "/app/b.py", line 3
    print(2)
        ^
SyntaxError: invalid syntax`},
	{"pydantic lists fields", `Traceback (most recent call last):
  File "/app/a.py", line 1, in f
pydantic_core._pydantic_core.ValidationError: 2 validation errors for User
name
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2/v/missing
items.0.price
  Input should be a valid number
----
plain line`},
	{"an exception group under a record", `21:54:56 | ERROR | boom
  + Exception Group Traceback (most recent call last):
  |   File "/app/a.py", line 3, in <module>
  | ExceptionGroup: g (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: a
    +------------------------------------
----
21:54:56 | INFO | x`},
	{"a whole traceback is indented by its logger", `21:54:56 | ERROR | boom
    Traceback (most recent call last):
      File "/app/a.py", line 3, in <module>
        x()
    KeyError: 'a'

    During handling of the above exception, another exception occurred:

    Traceback (most recent call last):
      File "/app/a.py", line 3, in <module>
    KeyError: 'b'
----
21:54:56 | INFO | x`},
	{"the record of another worker cuts a traceback", `Traceback (most recent call last):
  File "/app/a.py", line 3, in <module>
----
21:54:56 | INFO | x
----
  File "/app/a.py", line 4, in f
    x()
KeyError: 'a'`},
	{"colours of Python 3.13 and carriage returns of a terminal", "21:55:39 | \x1b[31mERROR   \x1b[0m | api | x\r\nTraceback (most recent call last):\r\n  File \x1b[35m\"<string>\"\x1b[0m, line \x1b[35m1\x1b[0m, in \x1b[35m<module>\x1b[0m\r\n    \x1b[31m1\x1b[0m\x1b[1;31m/\x1b[0m\x1b[31m0\x1b[0m\r\n\x1b[1;35mZeroDivisionError\x1b[0m: \x1b[35mdivision by zero\x1b[0m\r\n----\n21:55:39 | \x1b[32mINFO    \x1b[0m | api | y\r"},
	{"JSON and access lines never join", `21:54:56 | ERROR | boom
----
{"level":"error","msg":"x"}
----
    at f (x.js:1:2)
----
127.0.0.1 - - [22/Nov/2026:21:54:57 +0000] "GET / HTTP/1.1" 500 19 "-" "-"
----
  indented`},
	{"a logging error in the midst of errors", `[2026-11-22 21:54:54 +0000] [7] [ERROR] Error handling request /x
Traceback (most recent call last):
  File "/app/a.py", line 3, in <module>
KeyError: 'a'
----
--- Logging error ---
Traceback (most recent call last):
  File "/usr/lib/python3.11/logging/__init__.py", line 1110, in emit
TypeError: not all arguments converted during string formatting
Call stack:
  File "/app/a.py", line 3, in <module>
    log.info("x", 1)
Message: 'x'
Arguments: (1,)
----
Arguments: (2,)`},
	{"PostgreSQL's notes belong to their message and process", `2026-11-22 21:56:59.076 UTC [11282] a@b ERROR:  deadlock detected
2026-11-22 21:56:59.076 UTC [11282] a@b DETAIL:  Process 11282 waits.
	Process 11283 waits.
2026-11-22 21:56:59.076 UTC [11282] a@b STATEMENT:  update users
	set nick='l'
----
2026-11-22 21:56:59.076 UTC [11283] a@b DETAIL:  of a message that is not here
----
2026-11-22 21:56:59.076 UTC [11283] a@b LOG:  duration: 1 ms`},
	{"Go's net/http", `2026/03/01 10:00:07 http: panic serving 192.0.2.1:1234: boom
goroutine 7 [running]:
net/http.(*conn).serve.func1()
	/usr/local/go/src/net/http/server.go:1900 +0xb0
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3330 +0x485
----
2026/03/01 10:00:07 listening`},
	{"Java: a record, its exception, causes", `12:00:00.123 [main] ERROR com.example.Main - message
java.lang.IllegalStateException: outer
	at com.example.Main.run(Main.java:12)
	... 3 more
Caused by: java.io.IOException: inner
	at com.example.Main.read(Main.java:20)
	Suppressed: java.lang.RuntimeException: s
		at com.example.Main.close(Main.java:30)
----
12:00:00.124 [main] INFO com.example.Main - next`},
	{"Java: behind a warning", `12:00:00.123 [main] WARN com.example.Main - message
java.lang.IllegalStateException: outer
	at com.example.Main.run(Main.java:12)
----
12:00:00.124 [main] INFO com.example.Main - next`},
	{"Node: properties of an error", `Error: ENOENT
    at Object.readFileSync (node:fs:441:20) {
  errno: -2,
  code: 'ENOENT'
}
----
listening`},
	{"PHP and Ruby", `PHP Fatal error:  Uncaught Exception: message in /srv/x.php:60
Stack trace:
#0 /srv/x.php(20): f()
#1 {main}
  thrown in /srv/x.php on line 60
----
app.rb:1:in 'foo': boom (RuntimeError)
	from app.rb:3:in '<main>'
----
next`},
	{"a quoted traceback of another process", `multiprocessing.pool.RemoteTraceback: 
"""
Traceback (most recent call last):
  File "/app/a.py", line 3, in f
ZeroDivisionError: division by zero
"""

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/a.py", line 3, in <module>
ZeroDivisionError: division by zero
----
plain`},
	{"blank lines and prints are entries", "one\n----\n\n----\n  two\n----\n\n----\nthree"},
}

func TestRules(t *testing.T) {
	for _, c := range cases {
		want := strings.Split(c.text, "\n----\n")
		lines := strings.Split(strings.ReplaceAll(c.text, "\n----\n", "\n"), "\n")
		got := joinPlain(lines)
		if strings.Join(got, "\n----\n") != strings.Join(want, "\n----\n") {
			t.Errorf("%s:\n%s\n\nwant:\n%s", c.name, strings.Join(got, "\n----\n"), c.text)
		}
	}
}

// joinPlain cuts lines without newlines into entries.
func joinPlain(lines []string) (entries []string) {
	var j Joiner
	for _, line := range lines {
		if j.Continues([]byte(line)) {
			entries[len(entries)-1] += "\n" + line
			continue
		}
		entries = append(entries, line)
	}
	return entries
}

func TestMayContinue(t *testing.T) {
	tests := []struct {
		want bool
		line string
	}{
		{false, `21:54:56 | INFO | Request completed`},
		{false, `21:54:56 | DEBUG | x`},
		{true, `21:54:56 | WARNING | x`},
		{true, `21:54:56 | ERROR | x`},
		{true, `21:54:56 | CRITICAL | x`},
		{true, `ERROR:app:x`},
		{true, `Traceback (most recent call last):`},
		{true, `panic: x`},
		{true, `java.lang.IllegalStateException: x`},
		{true, `2026-11-22 21:49:24.055 UTC [27837] LOG:  statement: select`},
		{false, `{"level":"error","msg":"x"}`},
		{false, `127.0.0.1 - - [22/Nov/2026:21:54:57 +0000] "GET / HTTP/1.1" 500 19 "-" "-"`},
		{false, `2026/11/22 21:54:52 [error] 7627#7627: *1 connect() failed`},
		{false, `Nov 22 22:01:24 vm sshd[16900]: error: x`},
		{false, `<11>Nov 22 22:01:03 web app: error: x`},
		{false, `time="2026-11-22T21:54:54Z" level=error msg="x"`},
		{false, `plain line`},
		{false, ``},
	}
	for _, test := range tests {
		var j Joiner
		if j.MayContinue() {
			t.Fatal("a new Joiner has an open entry")
		}
		if j.Continues([]byte(test.line)) {
			t.Errorf("the first line continues: %q", test.line)
		}
		if got := j.MayContinue(); got != test.want {
			t.Errorf("MayContinue() = %v, want %v: %q", got, test.want, test.line)
		}
		j.Reset()
		if j.MayContinue() || j.Continues([]byte("  indented")) {
			t.Errorf("a line continues behind Reset: %q", test.line)
		}
	}
}

func TestAnEntryIsBounded(t *testing.T) {
	var j Joiner
	j.Continues([]byte("Traceback (most recent call last):"))
	frame := []byte(`  File "/app/a.py", line 1, in f`)
	lines := 1
	for j.Continues(frame) {
		if lines++; lines > MaxLines {
			t.Fatal("more lines than MaxLines")
		}
	}
	if lines != MaxLines {
		t.Errorf("the entry ended after %d lines, want %d", lines, MaxLines)
	}
	j.Reset()
	j.Continues([]byte("Traceback (most recent call last):"))
	if j.Continues(bytes.Repeat([]byte(" "), MaxBytes)) {
		t.Error("a line beyond MaxBytes continues")
	}
	j.Reset()
	j.Continues([]byte("21:54:56 | ERROR | x"))
	loose := 0
	for j.Continues([]byte("print")) {
		if loose++; loose > maxLoose {
			t.Fatalf("more than %d prints behind an error", maxLoose)
		}
	}
}

// The state behind a line that opens an entry depends on that line alone: a
// second reading from there cuts the rest in the same way.
func TestReadingAgainFromAnyEntryCutsTheSame(t *testing.T) {
	var lines []string
	for _, c := range cases {
		lines = append(lines, strings.Split(c.text, "\n")...)
	}
	for _, r := range runs(t)[:200] {
		lines = append(lines, strings.Split(r.Text, "\n")...)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(lines), func(a, b int) { lines[a], lines[b] = lines[b], lines[a] })
		checkRepeats(t, lines[:400])
	}
}

// checkRepeats cuts lines once whole, and once from the start of each entry.
func checkRepeats(t *testing.T, lines []string) {
	t.Helper()
	var j Joiner
	starts := make([]bool, len(lines))
	for i, line := range lines {
		may := j.MayContinue()
		starts[i] = !j.Continues([]byte(line))
		if !may && !starts[i] {
			t.Fatalf("line %d continues an entry that was complete: %q", i, line)
		}
	}
	for i := range lines {
		if !starts[i] {
			continue
		}
		var again Joiner
		again.Continues([]byte(lines[i]))
		for k := i + 1; k < len(lines); k++ {
			start := !again.Continues([]byte(lines[k]))
			if start != starts[k] {
				t.Fatalf("read again from line %d, line %d is cut differently: %q", i, k, lines[k])
			}
			if start {
				break
			}
		}
	}
}

func TestContinuesAllocatesNothing(t *testing.T) {
	var j Joiner
	for _, c := range cases {
		lines := bytes.Split([]byte(c.text), []byte("\n"))
		if n := testing.AllocsPerRun(5, func() {
			for _, line := range lines {
				j.Continues(line)
				j.MayContinue()
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

func FuzzJoiner(f *testing.F) {
	for _, c := range cases {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkRepeats(t, strings.Split(text, "\n"))
	})
}

func BenchmarkContinues(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"info", "21:54:56 | INFO | Request completed"},
		{"json", `{"timestamp":"2026-11-22T21:54:55.409859Z","level":"INFO","logger":"tovplay.api","message":"Request started"}`},
		{"access", `127.0.0.1 - - [22/Nov/2026:21:54:57 +0000] "GET /profile/42 HTTP/1.1" 200 19 "-" "-"`},
		{"plain", "plain line 8"},
		{"traceback", cases[0].text},
	} {
		lines := bytes.Split([]byte(c.text), []byte("\n"))
		b.Run(fmt.Sprintf("%s-%d", c.name, len(lines)), func(b *testing.B) {
			var j Joiner
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				for _, line := range lines {
					j.Continues(line)
				}
			}
		})
	}
}
