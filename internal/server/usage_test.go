package server

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/internal/usage"
)

// TestPatternsThatCouldNotBeReadAreReadAnew: a sample serves for minutes, a failure
// must not.
func TestPatternsThatCouldNotBeReadAreReadAnew(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case away.Load():
			http.Error(w, "too many outstanding requests", http.StatusTooManyRequests)
		case strings.HasSuffix(r.URL.Path, "/query_range"):
			fmt.Fprintf(w, `{"data":{"resultType":"streams","result":[{"stream":{"service":"backend"},"values":[["%d","a line"]]}]}}`, time.Now().UnixNano())
		default:
			emptyLoki(w, r)
		}
	}, func(c *Config) {
		db, err := state.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if _, err := db.Exec(`INSERT INTO usage_hours (hour, env, service, level, bytes, lines) VALUES (?, '', 'backend', 'info', 1000, 10)`,
			time.Now().Add(-time.Hour).Truncate(time.Hour).Unix()); err != nil {
			t.Fatal(err)
		}
		c.Usage = &usage.Counter{DB: db, Loki: c.Loki}
	})
	f.login()
	if got := f.get("/api/v1/usage/patterns"); got.Code == http.StatusOK {
		t.Fatalf("while Loki refuses: %d %s", got.Code, got.Body)
	}
	away.Store(false)
	if got := f.get("/api/v1/usage/patterns"); got.Code != http.StatusOK {
		t.Errorf("when Loki answers again: %d %s", got.Code, got.Body)
	}
}
