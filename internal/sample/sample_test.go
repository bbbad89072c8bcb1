package sample

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

func TestMessagesThatDifferInValuesAreOnePattern(t *testing.T) {
	var lines []loki.Entry
	for i := range 30 {
		lines = append(lines, loki.Entry{
			TS: int64(100 - i), Line: fmt.Sprintf(`{"message":"game %d was saved in %d ms","user_id":%d}`, i, i*7, i%2),
			Labels: map[string]string{"service": "backend", "level": "info"},
		})
	}
	lines = append(lines, loki.Entry{TS: 500, Line: "pool timeout\nTraceback", Labels: map[string]string{"service": "db", "level": "error"}})
	got := of(t, lines, true).Patterns
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
	lines := []loki.Entry{
		{Line: `{"message":"x","path":"/a","ok":true,"deep":{"a":1},"with-dash":1}`, Metadata: map[string]string{"path": "meta"}},
		{Line: `{"message":"y","path":"/a","ok":false}`},
		{Line: `{"path":"/b"}`},
		{Line: "no json", Metadata: map[string]string{"long": strings.Repeat("x", valueMax+1)}},
	}
	got := of(t, lines, true).Fields
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
		lines := []loki.Entry{{Line: text, Metadata: map[string]string{"m": value}}, {Line: text}}
		s := of(t, lines, len(value)%2 == 0)
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

func TestNothingIsSummarisedForWhoHasGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := Of(ctx, samples([]string{"one line", "another"}), true); !errors.Is(err, context.Canceled) || len(got.Patterns) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// of is Of, which must not fail.
func of(t testing.TB, lines []loki.Entry, templates bool) Summary {
	t.Helper()
	summary, err := Of(t.Context(), lines, templates)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}
