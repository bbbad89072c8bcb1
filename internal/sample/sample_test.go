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
	got := Of(lines, true).Patterns
	if len(got) != 2 {
		t.Fatalf("got %d patterns %+v, want 2", len(got), got)
	}
	first := got[0]
	if first.Count != 30 || first.First != 71 || first.Last != 100 || *first.Filter != (Filter{Op: "|>", Text: `<_>"message":"game <_> was saved in <_>"<_>`}) {
		t.Errorf("got %+v with the filter %+v", first, *first.Filter)
	}
	if first.Levels["info"] != 30 || first.Services["backend"] != 30 {
		t.Errorf("got levels %v and services %v", first.Levels, first.Services)
	}
	if got[1].Template != "pool timeout" {
		t.Errorf("the pattern of several lines is %q, want that of the first", got[1].Template)
	}
}

func TestFieldsAreCountedByTheirKind(t *testing.T) {
	lines := []Line{
		{Text: `{"message":"x","path":"/a","ok":true,"deep":{"a":1},"with-dash":1}`, Metadata: map[string]string{"path": "meta"}},
		{Text: `{"message":"y","path":"/a","ok":false}`},
		{Text: `{"path":"/b"}`},
		{Text: "no json", Metadata: map[string]string{"long": strings.Repeat("x", valueMax+1)}},
	}
	got := Of(lines, true).Fields
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
		s := Of(lines, len(value)%2 == 0)
		total := 0
		for _, p := range s.Patterns {
			total += p.Count
			if p.Filter != nil && !p.Filter.tells([]string{p.Example}, nil) {
				t.Errorf("the filter %+v does not find %q", p.Filter, p.Example)
			}
		}
		if total != len(lines) {
			t.Errorf("%d of %d lines have a pattern", total, len(lines))
		}
	})
}
