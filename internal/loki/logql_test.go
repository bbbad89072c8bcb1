package loki

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLogQLOfSelections(t *testing.T) {
	tests := []struct {
		name      string
		selection Selection
		want      string
	}{
		{"nothing", Selection{}, `{job=~".+"}`},
		{"one", Selection{Matches: []Match{{Label: "service", Any: []string{"a"}}}}, `{job=~".+", service="a"}`},
		{"several", Selection{Matches: []Match{{Label: "service", Any: []string{"b", "a.c", "b"}}}}, `{job=~".+", service=~"a\\.c|b"}`},
		{"excluded", Selection{Matches: []Match{{Label: "service", None: []string{"a"}}}}, `{job=~".+", service!="a"}`},
		{"both", Selection{Matches: []Match{{Label: "level", Any: []string{"error"}, None: []string{"x", "y"}}}}, `{job=~".+", level!~"x|y", level="error"}`},
		{"without a label", Selection{Matches: []Match{{Label: "env", Any: []string{""}}}}, `{job=~".+", env=""}`},
		{"line filters", Selection{Lines: []LineFilter{{"|>", `a "<_>`}, {"!~", "^b\n"}}}, `{job=~".+"} |> "a \"<_>" !~ "^b\n"`},
		{"text", Selection{Contains: []string{"a.b", "", `"`}}, `{job=~".+"} |~ "(?i)a\\.b" |~ "(?i)\""`},
	}
	for _, test := range tests {
		if got := test.selection.LogQL(DefaultSelector); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestWithoutLeavesTheOthers(t *testing.T) {
	s := Selection{Matches: []Match{{Label: "a", Any: []string{"1"}}, {Label: "b", Any: []string{"2"}}}, Contains: []string{"x"}}
	if got := s.Without("a").LogQL("c=`3`"); got != "{c=`3`, b=\"2\"} |~ \"(?i)x\"" {
		t.Errorf("got %s", got)
	}
	if len(s.Matches) != 2 {
		t.Error("the selection itself was changed")
	}
}

// literal is one LogQL string, as Loki's lexer takes it.
var literal = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)

// skeleton returns a query with its strings taken out, and the strings.
func skeleton(t *testing.T, query string) (string, []string) {
	t.Helper()
	var values []string
	rest := literal.ReplaceAllStringFunc(query, func(text string) string {
		value, err := strconv.Unquote(text)
		if err != nil {
			t.Fatalf("%s holds %s, which is not a string: %v", query, text, err)
		}
		values = append(values, value)
		return "S"
	})
	return rest, values
}

func FuzzLogQL(f *testing.F) {
	for _, seed := range []string{"a", `"`, `\`, "`", "\n", "\x00", `"} or {a="b`, `a|b`, "\xff", "(?i)", "שלום"} {
		f.Add(seed, "b")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		query := Selection{
			Matches:  []Match{{Label: "service", Any: []string{a}}, {Label: "env", Any: []string{a, b + "x"}, None: []string{b}}},
			Contains: []string{a + "x"},
		}.LogQL(DefaultSelector)
		if !utf8.ValidString(query) || strings.ContainsAny(query, "\n\r\x00") {
			t.Fatalf("%q is not one line of UTF-8", query)
		}
		rest, values := skeleton(t, query)
		want := map[string]bool{
			`{job=~S, env!=S, env=~S, service=S} |~ S`: true, `{job=~S, env!=S, env=S, service=S} |~ S`: true,
		}
		if !want[rest] {
			t.Fatalf("%q has the form %q", query, rest)
		}
		found := regexp.MustCompile(values[len(values)-1])
		clean := strings.ToValidUTF8(a+"x", "\uFFFD")
		if !found.MatchString(strings.ToUpper("…"+clean)) && strings.ToLower(strings.ToUpper(clean)) == clean && isSimple(clean) {
			t.Fatalf("%q does not find %q", values[len(values)-1], clean)
		}
		if !found.MatchString("…" + clean + "…") {
			t.Fatalf("%q does not find %q", values[len(values)-1], clean)
		}
	})
}

// isSimple reports whether text is ASCII, where upper and lower case are plain.
func isSimple(text string) bool {
	for _, r := range text {
		if r >= 0x80 {
			return false
		}
	}
	return true
}
