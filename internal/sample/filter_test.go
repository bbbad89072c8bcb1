package sample

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/test/corpus"
)

// repeated returns lines of a form that takes a number.
func repeated(form string) []string {
	var lines []string
	for i := range 12 {
		lines = append(lines, fmt.Sprintf(form, 3*i+1))
	}
	return lines
}

func samples(groups ...[]string) []loki.Entry {
	var lines []loki.Entry
	for _, group := range groups {
		for _, text := range group {
			lines = append(lines, loki.Entry{Line: text})
		}
	}
	return lines
}

func TestAFilterFindsTheLinesOfItsPatternAndNoOthers(t *testing.T) {
	other := []string{"started", `{"message":"started"}`}
	for name, test := range map[string]struct {
		lines              []string
		template, expected string
	}{
		"plain":                  {repeated("game %d was saved"), "|>game <_> was saved", `|~(?s)^\s*game\s+\S+\s+was\s+saved\s*(?:\n|$)`},
		"ends with a value":      {repeated("saved game %d"), "|>saved game <_>", `|~(?s)^\s*saved\s+game\s+\S+\s*(?:\n|$)`},
		"begins with a value":    {repeated("%d games"), "|><_> games", `|~(?s)^\s*\S+\s+games\s*(?:\n|$)`},
		"JSON":                   {repeated(`{"time":1,"message": "game %d was saved","x":1}`), `|><_>"message": "game <_> was saved"<_>`, `|~(?s)"message": "\s*game\s+(?:[^"\\\s]|\\.)+\s+was\s+saved\s*(?:"|\\n)`},
		"JSON with quotes":       {repeated(`{"msg":"say \"hello\" to %d now"}`), `|><_>"msg":"say <_> to <_> now"<_>`, `|~(?s)"msg":"\s*say\s+(?:\\"(?:[^"\\]|\\[^"])*\\"(?:,?\s+\\"(?:[^"\\]|\\[^"])*\\")*|'[^'"\n]*'|(?:[^"\\\s]|\\.)+)\s+to\s+(?:[^"\\\s]|\\.)+\s+now\s*(?:"|\\n)`},
		"JSON with escapes":      {repeated(`{"message":"\u05e9\u05dc\u05d5\u05dd %d"}`), `|><_>"message":"\u05e9\u05dc\u05d5\u05dd <_>"<_>`, `|~(?s)"message":"\s*\\u05e9\\u05dc\\u05d5\\u05dd\s+(?:[^"\\\s]|\\.)+\s*(?:"|\\n)`},
		"several lines":          {repeated("timeout of %d in the pool\nTraceback"), "|>timeout of <_> in the pool\n<_>", `|~(?s)^\s*timeout\s+of\s+\S+\s+in\s+the\s+pool\s*(?:\n|$)`},
		"several blanks":         {repeated("game %d was   saved"), `|~(?s)^\s*game\s+\S+\s+was\s+saved\s*(?:\n|$)`, `|~(?s)^\s*game\s+\S+\s+was\s+saved\s*(?:\n|$)`},
		"a value with its end":   {repeated("a took %d ms ms"), "|>a took <_> ms<_>", `|~(?s)^\s*a\s+took\s+\S+(?:\s+\S+){0,8}?\s+ms\s*(?:\n|$)`},
		"nothing but a value":    {repeated("%d"), "", ""},
		"plain and JSON of one":  {append(repeated("game %d was saved"), repeated(`{"message":"game %d was saved"}`)...), `|~(?s)(?:^\s*game\s+\S+\s+was\s+saved\s*(?:\n|$)|"message":"\s*game\s+(?:[^"\\\s]|\\.)+\s+was\s+saved\s*(?:"|\\n))`, `|~(?s)(?:^\s*game\s+\S+\s+was\s+saved\s*(?:\n|$)|"message":"\s*game\s+(?:[^"\\\s]|\\.)+\s+was\s+saved\s*(?:"|\\n))`},
		"longer than a template": {repeated("x %d " + strings.Repeat("word ", 80) + "end"), "|>x <_> " + strings.TrimSuffix(strings.Repeat("word ", 62), " ") + "<_>", ""},
	} {
		for _, templates := range []bool{true, false} {
			got := ""
			for _, p := range of(t, samples(test.lines, other), templates).Patterns {
				if p.Count >= len(test.lines) && p.Filter != nil {
					got = p.Filter.Op + p.Filter.Text
				}
			}
			want := test.expected
			if templates {
				want = test.template
			}
			if got != want {
				t.Errorf("%s, templates %v: got\n%s, want\n%s", name, templates, got, want)
			}
		}
	}
}

func TestPatternsThatNoFilterTellsApartHaveNone(t *testing.T) {
	long := strings.Repeat("word", 20) + " "
	for name, lines := range map[string][]string{
		"too long": repeated(strings.Repeat(long, 30) + "%d"),
		"a value that the text around it cannot tell": append(repeated("%d"), "unlike"),
	} {
		for _, p := range of(t, samples(lines), true).Patterns {
			if p.Count > 1 && p.Filter != nil {
				t.Errorf("%s: got %+v", name, *p.Filter)
			}
		}
	}
}

func TestATemplateFitsAsInLoki(t *testing.T) { // cases of its own tests
	for _, test := range []struct {
		template, line string
		want           bool
	}{
		{"foo <_>", "foo bar baz", true},
		{"<_> bar", "foo bar baz", false},
		{"<_> baz", "foo bar baz", true},
		{"<_> bar <_>", " bar ", false},
		{"<_>bar<_>", " bar ", true},
		{"foo <_>", "a foo bar", true},
		{"<_>a", "xaya", false},
		{"<_>", "", false},
		{"foo", "foo", true},
	} {
		if got := fits(strings.Split(test.template, "<_>"), test.line); got != test.want {
			t.Errorf("%q on %q: got %v, want %v", test.template, test.line, got, test.want)
		}
	}
}

// TestMostPatternsOfRealLinesHaveAFilter reads what real programs logged.
func TestMostPatternsOfRealLinesHaveAFilter(t *testing.T) {
	files, err := filepath.Glob("../../pipeline/level/testdata/*/*log.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of lines: %v", err)
	}
	for _, templates := range []bool{true, false} {
		with, all := 0, 0
		for _, path := range files {
			for _, p := range of(t, packedLines(t, path), templates).Patterns {
				all += p.Count
				if p.Filter != nil {
					with += p.Count
					continue
				}
				t.Logf("%s: none for %d lines of %q such as %q", filepath.Base(path), p.Count, p.Template, p.Example)
			}
		}
		t.Logf("templates %v: filters for the patterns of %d of %d lines", templates, with, all)
		if 100*with < 97*all {
			t.Errorf("templates %v: filters for the patterns of %d of %d lines, want 97 %%", templates, with, all)
		}
	}
}

// packedLines returns the first lines of a compressed file.
func packedLines(t *testing.T, path string) []loki.Entry {
	t.Helper()
	lines := corpus.Lines(t, path)
	return samples(lines[:min(len(lines), 800)])
}

func BenchmarkOfManyPatterns(b *testing.B) {
	var lines []loki.Entry
	for i := range 2000 {
		word := func(n int) string { return string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + "word" }
		lines = append(lines, loki.Entry{Line: fmt.Sprintf(`{"time":"2026-03-01T12:00:00Z","level":"INFO","message":"%s of %s in %s took %d ms","path":"/api/games"}`, word(i%400), word(i%400+7), word(i%400+3), i)})
	}
	for b.Loop() {
		of(b, lines, false)
	}
}
