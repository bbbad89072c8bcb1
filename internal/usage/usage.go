// Package usage says how much is logged: bytes and lines by day, service and
// level, how that grows, and which patterns make the most of it.
//
// A Counter asks Loki's index and remembers hours in the state database; a Report is
// made of these alone. What the figures mean:
//
//   - Bytes are what Loki holds of lines with their structured metadata, not
//     compressed, rounded to a KiB for each chunk.
//   - Lines of what Loki has flushed are exact but for one of each chunk that
//     reaches over midnight (UTC). Of what it has not, which is the last hour or
//     two, they are told from the bytes by the size of lines before.
//   - What Loki has flushed counts double, even threefold, for up to forty minutes,
//     while its index is in several places (a Loki that is one process; seen on 3.7).
//     So an hour that has changed when it is over is verified: its lines are counted
//     by reading them, once for each change, in bounds.
//   - Within a day, lines are spread over its hours as the bytes are.
package usage

import (
	"context"
	"database/sql"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// every is how often the newest days are counted, soon how often for soonFor
	// after the start, when Loki may be as new and fill.
	every   = 5 * time.Minute
	soon    = 20 * time.Second
	soonFor = 10 * time.Minute
	// countBack is how many days are counted at first: 90 of any zone. Loki answers
	// with nothing for those it does not keep.
	countBack = 91
	// keepDays is how long hours are remembered: a range of 90 days and the one
	// before, with days to compare the first with.
	keepDays = 190
	// lateWait is how long lines of a day may come in late: reject_old_samples_max_age
	// of the shipped loki.yaml.
	lateWait = 8 * day
	// lateEvery is how often a day is counted again until then.
	lateEvery = 15 * time.Minute

	day = 24 * time.Hour
)

// Counter counts what Loki holds into the state database. It asks one question
// at a time.
type Counter struct {
	DB   *sql.DB
	Loki *loki.Client
	Log  *slog.Logger
	Now  func() time.Time

	// verified has the hours that were verified, by their starts. Pass alone uses it.
	verified map[int64]verification

	mu     sync.Mutex
	failed error // of the last pass
}

// Failure returns why the last pass did not come to its end, nil if it did.
func (c *Counter) Failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// Run counts until ctx ends. What fails is tried again the next time; the days
// that were counted stay.
func (c *Counter) Run(ctx context.Context) error {
	started := c.Now()
	for {
		c.note(ctx, c.Pass(ctx))
		wait := every
		if c.Now().Sub(started) < soonFor {
			wait = soon
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// note keeps the result of a pass, and logs it when it is another than before.
func (c *Counter) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	before := c.failed
	c.failed = err
	c.mu.Unlock()
	if err != nil && before == nil {
		c.Log.Warn("usage is not counted", "error", err)
	}
	if err == nil && before != nil {
		c.Log.Info("usage is counted again")
	}
}

// Pass counts each day that is due, the newest first.
func (c *Counter) Pass(ctx context.Context) error {
	now := c.Now()
	counted, err := countedDays(ctx, c.DB)
	if err != nil {
		return err
	}
	sizes, err := lineSizes(ctx, c.DB, now.Add(-lateWait))
	if err != nil {
		return err
	}
	if c.verified == nil {
		c.verified = map[int64]verification{}
	}
	today, budget := now.Truncate(day), int64(verifyBytes)
	for back := range countBack {
		at := today.Add(-time.Duration(back) * day)
		if !due(at, counted[at.Unix()], now) {
			continue
		}
		hours, err := c.count(ctx, at, earlier(at.Add(day), now), sizes)
		if err != nil {
			return err
		}
		if hours, err = c.verify(ctx, at, hours, &budget); err != nil {
			return err
		}
		if err := store(ctx, c.DB, at, hours, now); err != nil {
			return err
		}
	}
	maps.DeleteFunc(c.verified, func(at int64, _ verification) bool { return at < today.Add(-lateWait-day).Unix() })
	return forget(ctx, c.DB, today.Add(-keepDays*day))
}

// due says whether a day, counted at last or never (zero), is to be counted. Today
// and yesterday, of which something may not be flushed, always are.
func due(start, counted, now time.Time) bool {
	end := start.Add(day)
	switch {
	case counted.IsZero() || now.Before(end.Add(day)):
		return true
	case !counted.Before(end.Add(lateWait)):
		return false
	}
	return now.Sub(counted) >= lateEvery
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
