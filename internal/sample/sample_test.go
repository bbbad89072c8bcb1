package sample

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestMessagesThatDifferInValuesAreOnePattern(t *testing.T) {
	var lines []Line
	for i := range 30 {
		lines = append(lines, Line{
			TS: int64(100 - i), Text: fmt.Sprintf(`{"message":"game %d was saved in %d ms","user_id":%d}`, i, i*7, i%2),
			Labels: map[string]string{"service": "backend", "level": "info"},
		})
	}
	lines = append(lines, Line{TS: 500, Text: "pool timeout\nTraceback", Labels: map[string]string{"service": "db", "level": "error"}})
	got := Of(lines).Patterns
	if len(got) != 2 {
		t.Fatalf("got %d patterns %+v, want 2", len(got), got)
	}
	first := got[0]
	if first.Count != 30 || first.First != 71 || first.Last != 100 || first.Text != "was saved in" {
		t.Errorf("got %+v", first)
	}
	if first.Levels["info"] != 30 || first.Services["backend"] != 30 {
		t.Errorf("got levels %v and services %v", first.Levels, first.Services)
	}
	if got[1].Template != "pool timeout" {
		t.Errorf("the pattern of several lines is %q, want that of the first", got[1].Template)
	}
}

func TestTheTextOfAPatternIsInItsLines(t *testing.T) {
	tests := []struct{ template, line, want string }{
		{"user <id> logged in", "user 7 logged in", "logged in"},
		{`say <str> to everybody`, `{"message":"say \"hi\" to everybody"}`, "to everybody"},
		{"a <num>", "a 1", ""},
		{`<host> [<date>] "GET <*> HTTP/<num>" ok`, `192.0.2.1 [x] "GET /a HTTP/1.1" ok`, ""},
		{`GET of <*> by HTTP/<num> was done`, `GET of a by HTTP/1 was done`, ""},
		{"two  spaces here", "two spaces  here", ""},
	}
	for _, test := range tests {
		if got := searchText(test.template, test.line); got != test.want {
			t.Errorf("%q in %q: got %q, want %q", test.template, test.line, got, test.want)
		}
	}
}

func TestFieldsAreCountedByTheirKind(t *testing.T) {
	lines := []Line{
		{Text: `{"message":"x","path":"/a","ok":true,"deep":{"a":1},"with-dash":1}`, Metadata: map[string]string{"path": "meta"}},
		{Text: `{"message":"y","path":"/a","ok":false}`},
		{Text: `{"path":"/b"}`},
		{Text: "no json", Metadata: map[string]string{"long": strings.Repeat("x", valueMax+1)}},
	}
	got := Of(lines).Fields
	want := []Field{
		{"path", JSON, 3, 2, []Value{{"/a", 2}, {"/b", 1}}},
		{"ok", JSON, 2, 2, []Value{{"false", 1}, {"true", 1}}},
		{"path", Metadata, 1, 1, []Value{{"meta", 1}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func FuzzOf(f *testing.F) {
	f.Add(`{"message":"a <num> \" b","x":1}`, "value")
	f.Add("\x1b[31mred\n", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		lines := []Line{{Text: text, Metadata: map[string]string{"m": value}}, {Text: text}}
		s := Of(lines)
		total := 0
		for _, p := range s.Patterns {
			total += p.Count
			if p.Text != "" && !strings.Contains(p.Example, p.Text) {
				t.Errorf("the text %q is not in %q", p.Text, p.Example)
			}
		}
		if total != len(lines) {
			t.Errorf("%d of %d lines have a pattern", total, len(lines))
		}
	})
}
