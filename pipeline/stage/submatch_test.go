package stage

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

var submatchSeeds = []struct{ expr, text string }{
	{`^(?P<time>\S+) \| (?P<level>\S+) \| (?P<msg>.*)$`, pythonRecord},
	{`\[(?P<t>\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]`, `192.0.2.1 - - [22/Nov/2026:10:04:05 +0200] "GET / HTTP/1.1" 200`},
	{`^(?P<ip>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<req>[^"]*)" (?P<status>\d{3}) (?P<size>\d+|-)`, `192.0.2.1 - anna [22/Nov/2026:10:04:05 +0200] "GET /x HTTP/1.1" 200 12`},
	{`(a*)*(b|ab)$`, "aaaaaaab"}, {`(a|ab)(c|bcd)(d*)`, "xabcd"}, {`(?i)straße|K`, "STRASSE K \u212a"}, {`(|a)*b`, "aab"},
	{`(a+)+$`, strings.Repeat("a", 60) + "b"}, {`\bfoo\B`, "a foob"}, {`(?m)^b$`, "a\nb\nc"}, {`(?s).*?(x)`, "a\nbx"}, {`[^a]é(.)`, "\xffé\u05d0"},
	{`(?U)(a+)(a*)`, "aaa"}, {``, "x"}, {`x*`, ""}, {`$`, "ab"}, {`[\x80-\xff]+`, "\u0080\xfe"}, {`(?:(a)|b)*`, "ab"}, {`(a){2,5}?(a*)`, "aaaaaaa"},
	{`^abc`, "xabc"}, {`abc`, "xxabcabc"}, {`\x{fffd}`, "a\xc3"}, {`(?:^a|b)+`, "aab"}, {`\d+\.\d+(?:ms|s)?`, "took 12.5ms"},
}

func checkSubmatch(t *testing.T, m *groupFinder, expr *regexp.Regexp, text []byte) {
	t.Helper()
	e := newExpression(expr)
	if got, want := m.find(e, text), expr.FindSubmatchIndex(text); !slices.Equal(got, want) || (got == nil) != (want == nil) {
		t.Errorf("%q in %q: got %v, want %v", expr, text, got, want)
	}
}

func TestGroupsAreThoseOfTheLibrary(t *testing.T) {
	var m groupFinder
	for _, a := range submatchSeeds {
		for _, b := range submatchSeeds {
			checkSubmatch(t, &m, regexp.MustCompile(a.expr), []byte(b.text))
		}
	}
}

// The time is bounded: the library's own backtracker takes no longer.
func TestWhatIsTooLongIsLeftToTheLibrary(t *testing.T) {
	var m groupFinder
	expr := regexp.MustCompile(`(x+x+)+y`)
	checkSubmatch(t, &m, expr, []byte(strings.Repeat("x", 5000)))
	checkSubmatch(t, &m, expr, []byte(strings.Repeat("x", 300_000)+"y"))
	if len(m.tried) > maxTried/64 {
		t.Errorf("%d words are held", len(m.tried))
	}
	large := regexp.MustCompile(`(?:a|b(c|d)){900}`)
	if newExpression(large).prog != nil {
		t.Error("a program of thousands of instructions is not left to the library")
	}
	checkSubmatch(t, &m, large, []byte(strings.Repeat("bca", 600)))
}

func FuzzSubmatch(f *testing.F) {
	for _, s := range submatchSeeds {
		f.Add(s.expr, []byte(s.text))
	}
	var m groupFinder
	f.Fuzz(func(t *testing.T, expr string, text []byte) {
		if len(expr) > 200 || len(text) > 2000 {
			return
		}
		if _, err := syntax.Parse(expr, syntax.Perl); err != nil {
			return
		}
		compiled, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		checkSubmatch(t, &m, compiled, text)
	})
}
