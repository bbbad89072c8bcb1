package issues

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzBound(f *testing.F) {
	f.Add("a", "b")
	f.Add(strings.Repeat("é", MaxText), "\xff\x00")
	f.Add(strings.Repeat("\xff", MaxField+1), "界")
	f.Fuzz(func(t *testing.T, long, other string) {
		e := Event{Stream: long, Env: long, Type: other, Message: long, Text: long + other, Tags: map[string]string{long: other, other: long}}
		for n := range len(long) % 30 {
			e.Tags[fmt.Sprint(n)] = other
		}
		e.Bound()
		for name, field := range map[string]struct {
			text  string
			limit int
		}{
			"stream": {e.Stream, MaxField}, "env": {e.Env, MaxTag}, "type": {e.Type, MaxField}, "message": {e.Message, MaxField}, "text": {e.Text, MaxText},
		} {
			if !utf8.ValidString(field.text) || len(field.text) > field.limit || strings.Contains(field.text, "\x00") {
				t.Errorf("%s is %d bytes, %q, want at most %d of UTF-8", name, len(field.text), field.text, field.limit)
			}
		}
		if len(e.Tags) > MaxTags {
			t.Errorf("%d tags, want at most %d", len(e.Tags), MaxTags)
		}
		again := e
		again.Bound()
		if !reflect.DeepEqual(again, e) {
			t.Errorf("a second Bound changed %+v to %+v", e, again)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add("File \"/srv/app/shop.py\", line 3")
	f.Add("Łukasz İstanbul ﬁ Ⅳ")
	f.Add("\xff\x00a")
	f.Fuzz(func(t *testing.T, text string) {
		words := Words(text)
		if again := Words(words); again != words && len(words) < maxSearchText {
			t.Errorf("words of %q: %q, and of these %q", text, words, again)
		}
		if strings.Contains(words, "  ") || words != "" && words[0] != ' ' {
			t.Errorf("words of %q: %q, want one space before each", text, words)
		}
		for _, term := range SearchTerms(text) {
			if len(text) < maxSearchText && !strings.Contains(words, term) {
				t.Errorf("the term %q of %q is not in its own words %q", term, text, words)
			}
		}
	})
}

func TestKnownTextsCostNoMemory(t *testing.T) {
	e := Event{Type: "ValueError", Message: "bad value", Text: strings.Repeat("line\n", 100)}
	sum := uint64(0)
	if got := testing.AllocsPerRun(100, func() { sum += e.SearchHash() }); got != 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}
