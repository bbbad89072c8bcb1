package server

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/internal/snapshots"
	"github.com/tovtech/tovplay-logging/internal/usage"
)

func TestOnlySoManyHaveTheirTurnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newTurns(2, turnWait)
		first, err := all.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := all.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := all.take(t.Context()); !errors.Is(err, errBusy) || time.Since(began) != turnWait {
			t.Errorf("a third one has %v after %v", err, time.Since(began))
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := all.take(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("one that has gone has %v", err)
		}
		time.AfterFunc(time.Second, first)
		if _, err := all.take(t.Context()); err != nil {
			t.Errorf("one that waits until another ends has %v", err)
		}
	})
}

func TestSamplesAndSnapshotsWaitForTheirTurn(t *testing.T) {
	f := newFixture(t, emptyLoki, func(c *Config) { c.Snapshots, c.Usage = &snapshots.Store{}, &usage.Counter{} })
	f.login()
	for range heavyAtOnce {
		if _, err := f.server.heavy.take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	f.server.heavy.wait = 0
	for _, request := range [][3]string{
		{http.MethodGet, "/api/v1/logs/sample?service=a"},
		{http.MethodGet, "/api/v1/usage/patterns?days=7&tz=UTC"},
		{http.MethodPost, "/api/v1/snapshots", `{"of":"lines","params":"service=a","title":"","view":"","days":1}`},
	} {
		answer := f.do(request[0], request[1], request[2], "Content-Type", "application/json")
		if answer.Code != http.StatusTooManyRequests || answer.Header().Get("Retry-After") == "" {
			t.Errorf("%s: status %d, %s", request[1], answer.Code, answer.Body)
		}
	}
}
