package sqlite

import (
	"slices"
	"testing"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// Whatever is asked for, it is words and no syntax, and what an event says is
// found by all of it.
func FuzzSearch(f *testing.F) {
	f.Add(`"a" OR b* NOT {c}`)
	f.Add("shop.py:3 Łukasz ﬁ Ⅳ ²")
	f.Add("a^b - NEAR(c, 2) col:x")
	s := open(f, f.TempDir(), issues.Retention{})
	f.Fuzz(func(t *testing.T, text string) {
		e := events(1, 1)[0]
		e.Message = text
		e.Bound()
		e.Key = issues.Key(e.SearchHash())
		e.ID = issues.NewID(e.Stream, e.Time, e.Key.String(), e.Message)
		insert(t, s, []issues.Event{e})
		keys, err := s.Search(t.Context(), e.Message, 1000)
		if err != nil {
			t.Fatalf("search for %q: %v", text, err)
		}
		if len(issues.SearchTerms(e.Message)) > 0 && len(keys) < 1000 && !slices.Contains(keys, e.Key) {
			t.Errorf("%q is not found by itself, but %v", e.Message, keys)
		}
	})
}
