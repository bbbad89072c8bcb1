package grouping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/test/corpus"
)

// Records whose members are not what they usually are.
func TestOddRecordsGetASensibleGroup(t *testing.T) {
	for _, test := range []struct{ name, text, kind, want string }{
		{"NaN", `{"level":"ERROR","message":"ratio is odd","ratio":NaN,"limit":-Infinity}`, "message", "message ratio is odd"},
		{"message is a number", `{"level":"ERROR","message":7}`, "message", `{"level":"ERROR","message":7}`},
		{"level is a number", `{"level":7,"message":"x y"}`, "message", "x y"},
		{"exception is a number", `{"level":"ERROR","message":"x y","exception":7}`, "message", "x y"},
		{"exception is null", `{"level":"ERROR","message":"x y","exception":null}`, "message", "x y"},
		{"exception is a sentence", `{"level":"ERROR","message":"x y","error":"it broke"}`, "message", "x y"},
		{"exception without traceback", `{"level":"ERROR","message":"x y","exception":{"type":"ValueError","message":"bad"}}`, "exception", "ValueError: bad"},
		{"traceback is a number", `{"level":"ERROR","message":"x y","exception":{"type":"ValueError","message":"bad","traceback":7}}`, "exception", "ValueError: bad"},
		{"traceback of numbers", `{"level":"ERROR","message":"x y","exception":{"type":"ValueError","traceback":[1,[2],{"a":"b"}]}}`, "exception", "ValueError"},
		{"call stack of the record", `{"level":"ERROR","message":"order 7 refused","stack_trace":["  File \"/app/a.py\", line 1, in f\n    log()\n"]}`, "message", "order 7 refused"},
		{"traceback inside the message", `{"level":"ERROR","message":"failed\nTraceback (most recent call last):\n  File \"/app/a.py\", line 1, in f\nKeyError: 1"}`, "exception", "KeyError: 1"},
		{"cut off", `{"level":"ERROR","message":"order 7 refu`, "message", ""},
		{"a member twice", `{"level":"ERROR","message":"first","message":"second"}`, "message", "first"},
		{"zap", `{"level":"error","msg":"x y","error":"eof","stacktrace":"main.work\n\t/srv/shop/main.go:7\nmain.main\n\t/srv/shop/main.go:9"}`, "message", "x y"},
		{"pino", `{"level":50,"msg":"x y","err":{"type":"TypeError","message":"no id","stack":"TypeError: no id\n    at add (/srv/app/cart.js:3:1)"}}`, "exception", "TypeError: no id"},
		{"ECS", `{"log.level":"error","message":"x y","error.type":"java.lang.IllegalStateException","error.stack_trace":"java.lang.IllegalStateException: odd\n\tat com.example.A.b(A.java:3)"}`, "exception", "IllegalStateException: odd"},
		{"tracing", `{"level":"ERROR","fields":{"message":"order 7 refused"},"target":"shop"}`, "message", "order 7 refused"},
		{"a padded level", "ERROR:    Exception in the application", "message", "Exception in the application"},
		{"in a syslog line", `Nov 22 21:54:57 web1 shop[7]: {"level":"ERROR","message":"order 7 refused"}`, "message", "order 7 refused"},
		{"a file that the message is about", `{"level":"ERROR","message":"x y","file":"/up/a-7.png","exception":{"type":"E"}}`, "exception", "E"},
		{"lone surrogates", `{"level":"ERROR","message":"x \ud83d y"}`, "message", "x \ufffd y"},
	} {
		r := group(test.text)
		if got := r.Title(); r.Kind.String() != test.kind || !strings.HasSuffix("message "+got, test.want) || r.Key == 0 {
			t.Errorf("%s: %v %q, key %v; want %s %q", test.name, r.Kind, got, r.Key, test.kind, test.want)
		}
	}
}

func TestBadTextGetsASensibleGroup(t *testing.T) {
	interleaved := `12:00:01 | ERROR | a failed
Traceback (most recent call last):
Traceback (most recent call last):
  File "/app/a.py", line 1, in f
  File "/app/b.py", line 2, in g
    x
    y
KeyError: 1
ValueError: 2
`
	for name, text := range map[string]string{
		"half of a traceback":      cart[:len(cart)/2],
		"interleaved":              interleaved,
		"frames without files":     "12:00:01 | ERROR | x\nTraceback (most recent call last):\n  File \"\", line 1, in \n  File , line\nKeyError: 1",
		"NUL and invalid UTF-8":    "12:00:01 | ERROR | \x00\xff\xfe bad \xc3\x28 bytes",
		"Hebrew and emoji":         "12:00:01 | ERROR | המשתמש אבי לא נמצא 🎮",
		"a record in the message":  "12:00:01 | ERROR | worker said: 12:00:00 | ERROR | disk full",
		"blanks":                   "   \n\t\n",
		"an opening brace":         "{",
		"a Java stack without top": "\tat com.example.A.b(A.java:3)\n\tat com.example.A.c(A.java:4)",
	} {
		r := group(text)
		if r.Key == 0 || r.PatternHash == 0 {
			t.Errorf("%s: no key", name)
		}
	}
	if r := group(interleaved); r.Kind != Failure || string(r.Type) != "KeyError" || len(r.Exceptions[0].Frames) != 2 {
		t.Errorf("interleaved: %s", render(r))
	}
	a, b := group("\tat com.example.A.b(A.java:3)\n\tat java.lang.Thread.run(Thread.java:4)"), group("\tat com.example.A.x(A.java:3)\n\tat java.lang.Thread.run(Thread.java:4)")
	if a.Key == b.Key {
		t.Error("two stacks without an exception have one key")
	}
}

// bigTexts are what could take time or memory.
func bigTexts() map[string]string {
	frame := "  File \"/app/a.py\", line 1, in f%d\n    x\n"
	var deep strings.Builder
	deep.WriteString("Traceback (most recent call last):\n")
	for i := range 10_000 {
		fmt.Fprintf(&deep, frame, i)
	}
	deep.WriteString("RecursionError: x")
	const mib = 1 << 20

	return map[string]string{
		"a long message":         "12:00:01 | ERROR | " + strings.Repeat("x1 ", mib/3),
		"a long JSON message":    `{"level":"ERROR","message":"` + strings.Repeat(`é\n`, mib/4) + `"}`,
		"10,000 functions":       deep.String(),
		"headers alone":          strings.Repeat("Traceback (most recent call last):\n", mib/35),
		"quoted tracebacks":      strings.Repeat("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nE: x\n", mib/70),
		"chains":                 strings.Repeat("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nE: x\n\n"+causeHint+"\n\n", mib/130),
		"groups in groups":       nestedGroups(2000),
		"causes":                 "E: x\n\tat a.B.c(D.java:1)\n" + strings.Repeat("Caused by: E: x\n\tat a.B.c(D.java:1)\n", mib/40),
		".NET inner exceptions":  strings.Repeat("E: x\n ---> ", mib/16) + "E: x\n   at A.B.C() in x:line 1\n" + strings.Repeat("   --- End of inner exception stack trace ---\n", 1000),
		"at signs":               strings.Repeat("@", mib) + "\nx",
		"parentheses":            "goroutine 1 [running]:\npanic: x\n\ngoroutine 1 [running]:\n" + strings.Repeat(")", mib) + "\n\t/x.go:1\n",
		"a list of empty texts":  `{"level":"ERROR","message":"m","exception":[` + strings.Repeat(`"",`, mib/3) + `""]}`,
		"panics while panicking": "panic: x\n" + strings.Repeat("\tpanic: x\n", mib/10) + "\ngoroutine 1 [running]:\nmain.f()\n\t/x.go:1\n",
		"brackets":               "12:00:01 | ERROR | " + strings.Repeat("[", mib),
		"escapes":                "12:00:01 | ERROR | " + strings.Repeat("\x1b[", mib/2),
		"members":                `{"level":"ERROR"` + strings.Repeat(`,"message":"x"`, mib/14) + "}",
	}
}

func nestedGroups(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", 2*i+2) + "+ Exception Group Traceback (most recent call last):\n" + strings.Repeat(" ", 2*i+2) + "| ExceptionGroup: g\n")
		if b.Len() > 1<<20 {
			break
		}
	}
	return b.String()
}

func TestTimeAndMemoryAreBounded(t *testing.T) {
	const most = 2 * time.Second // on a busy machine, with the race detector; a hundredth is usual

	g, r := New(Rules{}), new(Result)
	for name, text := range bigTexts() {
		start := time.Now()
		g.Group(Event{Text: []byte(text)}, r)
		if took := time.Since(start); took > most {
			t.Errorf("%s: %v for %d bytes", name, took, len(text))
		} else {
			t.Logf("%s: %v for %d bytes", name, took, len(text))
		}
		if r.Key == 0 || len(r.Exceptions) > maxExceptions || len(r.Masked) > 8*maxMasked {
			t.Errorf("%s: key %v, %d exceptions, %d bytes masked", name, r.Key, len(r.Exceptions), len(r.Masked))
		}
	}
	g.Group(Event{Text: []byte("x")}, r)
	if kept := cap(r.text) + cap(r.masked) + cap(r.scratch); kept > 4*maxKept {
		t.Errorf("%d bytes are kept after long events", kept)
	}
}

func FuzzGroup(f *testing.F) {
	for _, seed := range []string{
		cart, `{"level":"ERROR","message":"x","exception":{"type":"E","message":"m","traceback":["Traceback (most recent call last):\n","  File \"a\", line 1, in f\n"]}}`,
		"panic: x [recovered]\n\tpanic: y\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/x.go:1 +0x1\ncreated by main.g\n\t/x.go:2\n",
		"java.lang.E: x\n\tat a.B.c(D.java:1)\nCaused by: F: y\n\t... 3 more\n", "E: x\n ---> F: y\n   at A.B() in c:line 1\n   --- End of inner exception stack trace ---\n",
		nestedGroups(5) + "    +-+---------------- 1 ----------------\n", "thread 'main' panicked at 'x', a.rs:1:2\n", "#0 a (b:1:2)\n#1 c(3): d()\n", "a.rb:1:in 'b': m (E)\n\tfrom c:2:in `d'\n",
		"2026-11-22 21:49:24 UTC [1] ERROR:  23505: x \"y\" at character 3\n\tz\nDETAIL:  q\nSTATEMENT:  s", "Nov 22 21:54:57 h kernel: oom-kill:task=x,", "\x1b[31m12:00:01 | ERROR | x",
		`192.0.2.7 - - [22/Nov/2026:21:54:57 +0000] "POST /x HTTP/1.1" 502 1`, "--- Logging error ---\n" + cart + "Call stack:\n  File \"/a.py\", line 1, in f\nMessage: 'x'",
	} {
		f.Add([]byte(seed))
	}
	g := parseRules(f, teamRules)
	f.Fuzz(func(t *testing.T, text []byte) {
		kept := bytes.Clone(text)
		var first, second Result
		g.Group(Event{Text: text, Service: "backend"}, &first)
		g.Group(Event{Text: []byte("{\"message\":\"other\"}")}, &second)
		g.Group(Event{Text: text, Service: "backend"}, &second)
		if first.Key != second.Key || first.Key == 0 || first.ExceptionHash != second.ExceptionHash || first.PatternHash != second.PatternHash {
			t.Errorf("keys %v and %v of one text", first.Key, second.Key)
		}
		if !bytes.Equal(text, kept) {
			t.Error("the text was changed")
		}
		for i, e := range first.Exceptions {
			if e.Parent < 0 || e.Parent > i || len(e.Frames) > maxFrames {
				t.Errorf("exception %d belongs to %d and has %d frames", i, e.Parent, len(e.Frames))
			}
		}
		if title := first.Title(); utf8.Valid(text) && !utf8.ValidString(title) {
			t.Errorf("title %q", title)
		}
		if _, err := json.Marshal(first.Explanation()); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkGroup is for lines of a web application that are no errors, for its
// errors, and for both as they come.
func BenchmarkGroup(b *testing.B) {
	var all, quiet, failed [][]byte
	for _, run := range tovplayRuns[1:] {
		for _, w := range corpus.Writes(b, run) {
			text := []byte(w.Text)
			if all = append(all, text); len(w.ExcChain) > 0 {
				failed = append(failed, text)
			} else if !strings.Contains(w.Text, "stack_trace") && len(w.Text) < 4096 {
				quiet = append(quiet, text)
			}
		}
	}
	for name, texts := range map[string][][]byte{"quiet": quiet, "failed": failed, "mixed": all} {
		b.Run(name, func(b *testing.B) {
			g, r := New(Rules{}), new(Result)
			total, before := 0, cpuTime(b)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				text := texts[i%len(texts)]
				total += len(text)
				g.Group(Event{Text: text}, r)
			}
			b.ReportMetric(float64(b.N)/(cpuTime(b)-before).Seconds(), "lines/cpu-s")
			b.SetBytes(int64(total / b.N))
		})
	}
}

// cpuTime is what the process has used: the time on the clock says little on a
// busy machine.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
