// Package alerts remembers what Alertmanager tells: each firing of an alert is
// an episode, kept in the state database.
//
//	webhook ─Decode─▶ Store.Take ──┐
//	                               ├─▶ alert_episodes ─▶ Firing, Timeline, Episode
//	Poller ─/api/v2/alerts─▶ Store.reconcile
//
// An episode is known by its alert's fingerprint and the time at which it began
// to fire, in milliseconds: that is what Alertmanager's API gives, while its
// webhook gives nanoseconds. Notifications come repeatedly, out of order, cut
// short, or not at all. So a notification can only open an episode or end it, and
// the Poller, which looks at what fires now, opens what was missed and ends what
// is gone ("inferred"). Only the Poller takes back an end: an inferred one at once,
// for Alertmanager knows of no alert for a while after its restart, one that was
// told after two looks.
//
// Clocks may differ by minutes. An episode does not begin later than the
// dashboard heard of it, nor end before it began.
package alerts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"
)

// Watchdog is the name of the alert that always fires: when it does not, alerts
// do not get through.
const Watchdog = "Watchdog"

// ErrNoEpisode means that there is no episode of that number.
var ErrNoEpisode = errors.New("there is no such episode of an alert")

// Episode is one firing of an alert.
type Episode struct {
	ID          int64
	Fingerprint string
	Name        string
	Severity    string // as the rule says, "" without
	Service     string
	Env         string
	// Component is the component of health that it is about, "" without.
	Component string
	// StartsAt is by Prometheus' clock; Began is not later than when the dashboard
	// heard of it.
	StartsAt, Began time.Time
	// Ended is zero while it fires.
	Ended time.Time
	// Inferred means that nobody said that it ended: Alertmanager has it no more, or
	// repeats it no more.
	Inferred bool
	// Polled means that no notification told of it.
	Polled       bool
	Labels       map[string]string
	Annotations  map[string]string
	GeneratorURL string
	Receiver     string
	// Extra is what newer versions of Alertmanager say besides, a JSON object.
	Extra json.RawMessage
}

// IsFiring reports whether the episode has not ended.
func (e Episode) IsFiring() bool { return e.Ended.IsZero() }

// Store keeps episodes. It is safe for concurrent use.
type Store struct {
	db  *sql.DB
	now func() time.Time
	// write is held while writing, so that a flood of notifications waits here and
	// not in the database.
	write sync.Mutex
}

// NewStore returns a Store in the state database; now is the clock.
func NewStore(db *sql.DB, now func() time.Time) *Store { return &Store{db: db, now: now} }

// tx is a transaction of a Store.
type tx struct {
	*sql.Tx
	ctx context.Context
	now int64 // unix milliseconds
}

// transact runs fn in a transaction.
func (s *Store) transact(ctx context.Context, fn func(*tx) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	inner, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer inner.Rollback() // no effect after Commit
	if err := fn(&tx{inner, ctx, s.now().UnixMilli()}); err != nil {
		return err
	}
	return inner.Commit()
}

func (x *tx) exec(query string, args ...any) error {
	_, err := x.ExecContext(x.ctx, query, args...)
	return err
}

// endedKept is how many episodes that have ended are kept at most.
const endedKept = 100_000

// Expire deletes the episodes that ended before a time, and the oldest of those
// beyond 100,000.
func (s *Store) Expire(ctx context.Context, before time.Time) error {
	err := s.transact(ctx, func(x *tx) error {
		if err := x.exec("DELETE FROM alert_episodes WHERE status = 'resolved' AND ended_at < ?", before.UnixMilli()); err != nil {
			return err
		}
		err := x.exec(`DELETE FROM alert_episodes WHERE id IN
			(SELECT id FROM alert_episodes WHERE status = 'resolved' ORDER BY ended_at DESC LIMIT -1 OFFSET ?)`, endedKept)
		if err != nil {
			return err
		}
		return x.exec("DELETE FROM alert_watch WHERE until < ?", before.UnixMilli())
	})
	if err != nil {
		return fmt.Errorf("delete old episodes of alerts: %w", err)
	}
	return nil
}

// SafeURL returns an address that a browser may be led to, "" for every other text.
func SafeURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	return u.String()
}

// timeOf returns unix milliseconds as a time, zero for 0.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
