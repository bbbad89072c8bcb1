package grouping

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/level"
)

const cart = `12:00:01 | ERROR | checkout of order 7 failed
Traceback (most recent call last):
  File "/app/shop/api.py", line 12, in checkout
    pay(order)
  File "/usr/lib/python3/dist-packages/payments/client.py", line 99, in pay
    raise Refused(order)
payments.errors.Refused: order 7
`

// replaced is text with the old texts replaced by the new ones, each of which
// must be there.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("no %q in %q", pairs[i], text)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func TestKeyIsTheSame(t *testing.T) {
	want := group(cart)
	for name, text := range map[string]string{
		"on other lines":             replaced(t, cart, "line 12", "line 14", "line 99", "line 3"),
		"with another message":       replaced(t, cart, "Refused: order 7", "Refused: card of Dana"),
		"for another order":          replaced(t, cart, "of order 7 failed", "of order 8 failed"),
		"at another time":            replaced(t, cart, "12:00:01", "13:14:15"),
		"installed elsewhere":        replaced(t, cart, "/app/", "/home/dana/work/", "/usr/lib/python3/dist-packages/", "/venv/lib/python3.12/site-packages/"),
		"with PEP 657 markers":       replaced(t, cart, "    pay(order)\n", "    pay(order)\n    ^^^^^^^^^^\n"),
		"with other source":          replaced(t, cart, "pay(order)\n", "pay(order, now)\n"),
		"through another library":    replaced(t, cart, "in pay\n", "in charge\n"),
		"with colours":               replaced(t, cart, "ERROR", "\x1b[31mERROR   \x1b[0m"),
		"with carriage returns":      strings.ReplaceAll(cart, "\n", "\r\n"),
		"after a date":               replaced(t, cart, "12:00:01 | ERROR |", "2026-03-01 12:00:01,123 ERROR"),
		"without the last newline":   strings.TrimSuffix(cart, "\n"),
		"in JSON as a text":          record(t, map[string]any{"message": "checkout of order 9 failed", "exception": traceback(cart)}),
		"in JSON as a list of lines": record(t, map[string]any{"msg": "checkout of order 9 failed", "exc_info": strings.SplitAfter(traceback(cart), "\n")}),
		"in JSON as an object": record(t, map[string]any{"message": "checkout of order 9 failed", "exception": map[string]any{
			"type": "Refused", "message": "order 7", "traceback": strings.SplitAfter(traceback(cart), "\n"),
		}}),
		"in JSON as stack_trace": record(t, map[string]any{"message": "checkout of order 9 failed", "stack_trace": traceback(cart)}),
	} {
		if got := group(text); got.Key != want.Key {
			t.Errorf("%s: key %v, want %v; %s", name, got.Key, want.Key, render(got))
		}
	}
}

func traceback(text string) string { return text[strings.Index(text, "\n")+1:] }

func record(t *testing.T, members map[string]any) string {
	t.Helper()
	members["level"] = "ERROR"
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestKeyDiffers(t *testing.T) {
	base := group(cart)
	for name, text := range map[string]string{
		"another type":                   replaced(t, cart, "Refused: order", "Expired: order"),
		"another function":               replaced(t, cart, "in checkout", "in refund"),
		"another module":                 replaced(t, cart, "shop/api.py", "shop/admin.py"),
		"a cause":                        replaced(t, cart, "Traceback (most recent call last):\n", "Traceback (most recent call last):\nKeyError: 7\n\n"+causeHint+"\n\nTraceback (most recent call last):\n"),
		"another statement that logs it": replaced(t, cart, "checkout of order", "Unhandled in order"),
	} {
		if got := group(text); got.Key == base.Key {
			t.Errorf("%s: the key is the same; %s", name, render(got))
		}
	}
}

// Flask logs an unhandled exception, and so does the application's own handler.
func TestOneFailureThatIsLoggedTwiceHasOneExceptionHash(t *testing.T) {
	const id = "1fcf1f1b-c853-97cc-ed36-6b841427ac98"
	pairs := [][2]string{
		{
			replaced(t, cart, "checkout of order 7 failed", "Exception on /api/orders/7 [POST]"),
			replaced(t, cart, "checkout of order 7 failed", "Unexpected error: 500 Internal Server Error: The server encountered an internal error"),
		},
		{
			record(t, map[string]any{
				"message": "Exception on /api/orders/7 [POST]", "logger": "src.app", "correlation_id": id, "file": "app.py", "function": "log_exception",
				"exception": map[string]any{"type": "Refused", "message": "order 7", "traceback": strings.SplitAfter(traceback(cart), "\n")},
			}),
			record(t, map[string]any{
				"message": "Unexpected error: 500", "logger": "tovplay.errors", "correlation_id": id, "file": "error_handlers.py", "function": "handle",
				"exception": map[string]any{"type": "Refused", "message": "order 7", "traceback": strings.SplitAfter(traceback(cart), "\n")},
			}),
		},
	}
	var hashes []Hash
	for _, pair := range pairs {
		framework, own := group(pair[0]), group(pair[1])
		if framework.Key == own.Key {
			t.Errorf("both records have the key %v, want one for each statement", own.Key)
		}
		if framework.ExceptionHash != own.ExceptionHash || own.ExceptionHash == 0 {
			t.Errorf("exception hashes %v and %v, want one", framework.ExceptionHash, own.ExceptionHash)
		}
		if string(framework.CorrelationID) != string(own.CorrelationID) {
			t.Errorf("correlation ids %q and %q", framework.CorrelationID, own.CorrelationID)
		}
		hashes = append(hashes, own.ExceptionHash)
	}
	if hashes[0] != hashes[1] {
		t.Errorf("the hash is %v in text and %v in JSON", hashes[0], hashes[1])
	}
	if r := group(pairs[1][0]); string(r.CorrelationID) != id {
		t.Errorf("correlation id %q, want %q", r.CorrelationID, id)
	}
}

func TestKeysStayWhatTheyAre(t *testing.T) {
	for text, want := range map[string]string{
		cart: "v1:d2023b0cf82500a4", "12:00:01 | ERROR | disk 3 is full": "v1:924aaf08be9b6397",
		"2026/11/22 21:54:57 [error] 7#7: *1 no live upstreams, client: 192.0.2.7": "v1:cc0d7755c1836012",
		"12:00:01 | ERROR | ValueError: bad value 7":                               "v1:4146548f1cbb7305",
	} {
		if got := group(text).Key.String(); got != want {
			t.Errorf("%q: key %s, want %s; if this is on purpose, Version must change", text, got, want)
		}
	}
}

func TestAllFramesCountWhenTheApplicationHasNone(t *testing.T) {
	text := replaced(t, cart, "/app/shop/api.py", "/usr/lib/python3.11/threading.py")
	r, other := group(text), group(replaced(t, text, "in pay", "in charge"))
	if r.InAppHash != 0 || r.ExceptionHash != r.AllHash || r.AllHash == 0 {
		t.Errorf("hashes %v, %v, %v; want none in the application", r.InAppHash, r.AllHash, r.ExceptionHash)
	}
	if r.Key == other.Key {
		t.Error("two functions of a library have one key")
	}
	own := group(cart)
	if own.InAppHash == 0 || own.AllHash == 0 || own.InAppHash == own.AllHash || own.ExceptionHash != own.InAppHash {
		t.Errorf("hashes %v, %v, %v; want the application's", own.InAppHash, own.AllHash, own.ExceptionHash)
	}
}

func TestRecursionIsOneFrameHoweverDeep(t *testing.T) {
	mutual := func(n int) string {
		return "Traceback (most recent call last):\n" + strings.Repeat("  File \"/app/a.py\", line 1, in ping\n    x\n  File \"/app/a.py\", line 2, in pong\n    y\n", n) +
			"RecursionError: maximum recursion depth exceeded\n"
	}
	deep, deeper := group(mutual(500)), group(mutual(700))
	if deep.Key != deeper.Key {
		t.Errorf("keys %v and %v", deep.Key, deeper.Key)
	}
	if frames := deep.Exceptions[0].Frames; len(frames) != 2 || frames[0].Repeats != 499 {
		t.Errorf("frames %s", render(deep))
	}
}

func TestFramesAreBoundedAndCounted(t *testing.T) {
	var text strings.Builder
	text.WriteString("Traceback (most recent call last):\n")
	for i := range maxFrames + 10 {
		fmt.Fprintf(&text, "  File \"/app/a.py\", line 1, in f%d\n", i)
	}
	text.WriteString("ValueError: x\n")
	e := group(text.String()).Exceptions[0]
	if len(e.Frames) != maxFrames || e.Dropped != 10 {
		t.Errorf("%d frames and %d dropped, want %d and 10", len(e.Frames), e.Dropped, maxFrames)
	}
}

func TestMembersOfAGroupCountAsASet(t *testing.T) {
	member := func(n int, kind string) string {
		return fmt.Sprintf("  +-+---------------- %d ----------------\n    | %s: x\n", n, kind)
	}
	text := func(members ...string) string {
		return "  + Exception Group Traceback (most recent call last):\n  |   File \"/app/a.py\", line 1, in f\n  | ExceptionGroup: g\n" +
			strings.Join(members, "") + "    +------------------------------------\n"
	}
	a := group(text(member(1, "ValueError"), member(2, "KeyError")))
	b := group(text(member(1, "KeyError"), member(2, "ValueError"), member(3, "KeyError")))
	c := group(text(member(1, "KeyError")))
	if a.Key != b.Key {
		t.Errorf("keys %v and %v for one set; %s%s", a.Key, b.Key, render(a), render(b))
	}
	if a.Key == c.Key {
		t.Error("another set has the same key")
	}
}

func TestRetriesOfOneExceptionCountOnce(t *testing.T) {
	text := func(n int) string {
		once := "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in call\nTimeoutError: x\n"
		return strings.Repeat(once+"\n"+contextHint+"\n\n", n) + once
	}
	if a, b := group(text(1)), group(text(4)); a.Key != b.Key || len(b.Exceptions) != 5 {
		t.Errorf("keys %v and %v; %s", a.Key, b.Key, render(b))
	}
}

func TestSuppressedExceptionsDoNotCount(t *testing.T) {
	text := "java.io.IOException: x\n\tat com.example.A.b(A.java:3)\n"
	suppressed := text + "\tSuppressed: java.io.IOException: close\n\t\tat com.example.A.close(A.java:9)\n"
	if a, b := group(text), group(suppressed); a.Key != b.Key || len(b.Exceptions) != 2 {
		t.Errorf("keys %v and %v; %s", a.Key, b.Key, render(b))
	}
}

func TestPanicsOfTheRuntimeAreToldApartByItsText(t *testing.T) {
	panicOf := func(text string) Hash {
		return group("panic: " + text + "\n\ngoroutine 1 [running]:\nmain.f()\n\t/srv/shop/main.go:3 +0x1\n").Key
	}
	if a, b := panicOf("runtime error: index out of range [5] with length 3"), panicOf("runtime error: index out of range [6] with length 2"); a != b {
		t.Errorf("keys %v and %v for two indices", a, b)
	}
	if a, b := panicOf("user Dana"), panicOf("user Avi"); a != b {
		t.Errorf("keys %v and %v for two users", a, b)
	}
	known := map[Hash]string{}
	for _, text := range []string{
		"runtime error: index out of range [5] with length 3", "runtime error: integer divide by zero", "assignment to entry in nil map",
		"interface conversion: interface {} is string, not int", "user Dana",
	} {
		if other := known[panicOf(text)]; other != "" {
			t.Errorf("%q and %q have one key", text, other)
		}
		known[panicOf(text)] = text
	}
}

func TestExceptionWithoutFramesIsGroupedByTypeAndMaskedMessage(t *testing.T) {
	a, b, c := group("12:00:01 | ERROR | ValueError: bad value 7"), group("12:00:01 | ERROR | ValueError: bad value 8"), group("12:00:01 | ERROR | KeyError: bad value 8")
	if a.Kind != Failure || string(a.Type) != "ValueError" || a.Key != b.Key {
		t.Errorf("%v %q, keys %v and %v", a.Kind, a.Type, a.Key, b.Key)
	}
	if b.Key == c.Key {
		t.Error("another type has the same key")
	}
}

func TestMessageIsTheSameInTextAndJSON(t *testing.T) {
	want := group("12:00:01 | ERROR | order 7 was refused")
	for _, text := range []string{
		"12:00:02 | ERROR    | shop.cart            | order 8 was refused",
		"2026-03-01 12:00:02,123 ERROR order 9 was refused",
		`{"level":"ERROR","message":"order 10 was refused"}`,
		`{"level":50,"msg":"order 11 was refused","name":"shop"}`,
		`time=2026-03-01T12:00:00Z level=ERROR msg="order 12 was refused" order=12`,
	} {
		if got := group(text); got.Key != want.Key || got.PatternHash != want.PatternHash {
			t.Errorf("%s: key %v of %q, want %v of %q", text, got.Key, got.Masked, want.Key, want.Masked)
		}
	}
}

func TestTitleAndCulprit(t *testing.T) {
	for _, test := range []struct{ text, title, culprit string }{
		{cart, "Refused: order 7", "shop/api in checkout"},
		{"12:00:01 | ERROR | disk 3 is full\nreally", "disk 3 is full", ""},
		{"Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in f\n", "incomplete traceback", "a in f"},
		{"12:00:01 | ERROR | " + strings.Repeat("é", 300), strings.Repeat("é", maxTitle/2) + "…", ""},
	} {
		r := group(test.text)
		if r.Title() != test.title || r.Culprit() != test.culprit {
			t.Errorf("%.40q: title %q and culprit %q, want %q and %q", test.text, r.Title(), r.Culprit(), test.title, test.culprit)
		}
	}
}

func TestExplanationSaysWhatCountedAndWhatDidNot(t *testing.T) {
	r := group(cart)
	e := r.Explanation()
	want := []Part{{"type", "Refused"}, {"frame", "shop/api in checkout"}, {"logged by", "checkout"}}
	if fmt.Sprint(e.Parts) != fmt.Sprint(want) {
		t.Errorf("parts %v, want %v", e.Parts, want)
	}
	if f := e.Exceptions[0].Frames; !f[0].Counted || !f[0].InApp || f[1].Counted || f[1].LeftOut != "installed library" {
		t.Errorf("frames %+v", f)
	}
	if e.Masked == e.Message || !strings.HasPrefix(e.Masked, "checkout of order <") {
		t.Errorf("masked %q of %q", e.Masked, e.Message)
	}
	text, err := json.Marshal(e)
	if err != nil || !strings.Contains(string(text), `"key":"`+r.Key.String()+`"`) || !strings.Contains(string(text), `"left_out":"installed library"`) {
		t.Errorf("%s, %v", text, err)
	}
	before := e.Title
	New(Rules{}).Group(Event{Text: []byte(strings.Repeat("x", len(cart)))}, r)
	if e.Title != before || e.Exceptions[0].Frames[0].Function != "checkout" {
		t.Error("the explanation changed with the next event")
	}
}

func TestHashesAreReadAsTheyAreWritten(t *testing.T) {
	for _, h := range []Hash{0, 1, 0xfedcba9876543210} {
		if got, err := ParseHash(h.String()); got != h || err != nil {
			t.Errorf("%v is read as %v, %v", h, got, err)
		}
	}
	for _, text := range []string{"v1:", "v2:0000000000000001", "v1:000000000000000g", "v1:00000000000000001", "x"} {
		if h, err := ParseHash(text); err == nil {
			t.Errorf("%q is read as %v", text, h)
		}
	}
}

func TestLinesThatAreNoErrorsAllocateNothing(t *testing.T) {
	lines := []string{
		"12:00:01 | INFO | Request completed in 12.3 ms",
		"2026-03-01 10:00:00,123 WARNING shop.cart slow query: 812 ms",
		`{"timestamp":"2026-11-22T21:52:31.823862+00:00","level":"INFO","logger":"flask.request","message":"Request started","correlation_id":"1fcf1f1b","path":"/api/games/17"}`,
		`192.0.2.7 - - [22/Nov/2026:21:54:57 +0000] "GET /api/games/17 HTTP/1.1" 200 157 "-" "curl/8"`,
		"Nov 22 21:54:57 web1 sshd[12]: Accepted publickey for dana from 192.0.2.7 port 51234 ssh2",
		"\x1b[32mINFO\x1b[0m started 3 workers",
	}
	g, r := New(Rules{}), new(Result)
	for _, line := range lines {
		text := []byte(line)
		if n := testing.AllocsPerRun(100, func() { g.Group(Event{Text: text, Service: "backend"}, r) }); n != 0 {
			t.Errorf("%v allocations for %q", n, line)
		}
	}
}

func TestLevelOfTheEventCounts(t *testing.T) {
	var r Result
	text := []byte("ValueError: bad value 7")
	if New(Rules{}).Group(Event{Text: text, Level: level.Info}, &r); r.Kind != Message {
		t.Errorf("at level info: %v", r.Kind)
	}
	if New(Rules{}).Group(Event{Text: text, Level: level.Error}, &r); r.Kind != Failure {
		t.Errorf("at level error: %v", r.Kind)
	}
}
