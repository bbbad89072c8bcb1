package sqlite

import (
	"testing"

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
