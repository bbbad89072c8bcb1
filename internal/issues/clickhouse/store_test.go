package clickhouse

import (
	"testing"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/storetest"
	engine "github.com/tovtech/tovplay-logging/test/clickhouse"
)

func open(t testing.TB, dsn string, keep issues.Retention) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn, keep)
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
	e := engine.Start(t)
	storetest.Run(t, func(t *testing.T, keep issues.Retention) issues.Store { return open(t, e.Database(t), keep) })
}
