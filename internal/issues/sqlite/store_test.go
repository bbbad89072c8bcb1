package sqlite

import (
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/storetest"
)

func open(t testing.TB, dir string, keep issues.Retention) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, keep issues.Retention) issues.Store { return open(t, t.TempDir(), keep) })
}

// What nothing can ask for any more takes no room either.
func TestOfWhatExpiredNoTagAndNoFunctionIsLeft(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := open(t, t.TempDir(), issues.Retention{Events: 24 * time.Hour, Counts: 48 * time.Hour, Now: func() time.Time { return now }})
	e := events(1, 1)[0]
	e.Time, e.Tags = now.UnixNano(), map[string]string{"user": "ada"}
	e.Text = "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in pay\nValueError: no"
	insert(t, s, []issues.Event{e})
	rows := func() (tags, functions int) {
		t.Helper()
		err := s.read.QueryRow("SELECT (SELECT count(*) FROM tags), (SELECT count(*) FROM functions)").Scan(&tags, &functions)
		if err != nil {
			t.Fatal(err)
		}
		return tags, functions
	}
	for _, step := range []struct {
		passed          time.Duration
		tags, functions int
	}{{0, 1, 1}, {50 * time.Hour, 0, 0}} {
		now = now.Add(step.passed)
		if err := s.DeleteExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		if tags, functions := rows(); tags != step.tags || functions != step.functions {
			t.Errorf("after %s there are %d tags and %d functions, want %d and %d", step.passed, tags, functions, step.tags, step.functions)
		}
	}
}
