// Package usage says how much is logged: bytes and lines by day, service and
// level, how that grows, and which patterns make the most of it.
//
// A Counter asks Loki's index, never the lines, and remembers hours in the state
// database; a Report is made of these alone. What the figures mean:
//
//   - Bytes are what Loki holds of lines with their structured metadata, not
//     compressed, rounded to a KiB for each chunk.
//   - Lines of what Loki has flushed are exact but for one of each chunk that
//     reaches over midnight (UTC). Of what it has not, which is the last hour or
//     two, they are told from the bytes by the size of lines before.
//   - Within a day, lines are spread over its hours as the bytes are.
package usage

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// Every is how often the newest days are counted.
	Every = 5 * time.Minute
	// countBack is how many days are counted at first. Loki answers with nothing
	// for those it does not keep.
	countBack = 90
	// keepDays is how long hours are remembered: a range of 90 days and the one
	// before, with days to compare the first with.
	keepDays = 190
	// lateWait is how long lines of a day may come in late: reject_old_samples_max_age
	// of the shipped loki.yaml.
	lateWait = 8 * day
	// lateEvery is how often a day is counted again until then.
	lateEvery = 6 * time.Hour

	day = 24 * time.Hour
)

// Counter counts what Loki holds into the state database. It asks one question
// at a time.
type Counter struct {
	DB   *sql.DB
	Loki *loki.Client
	Log  *slog.Logger
	Now  func() time.Time

	// gone are days, by their start, of which Loki has deleted something: what is
	// known of them is as old as it says.
	gone map[int64]bool

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
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	for {
		c.note(ctx, c.Pass(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
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
	today := now.Truncate(day)
	var empty []time.Time // days of which nothing was known and Loki has nothing
	for back := range countBack {
		at := today.Add(-time.Duration(back) * day)
		last := counted[at.Unix()]
		isDue := due(at, last, now) && !c.gone[at.Unix()]
		if !isDue && (len(empty) == 0 || last.IsZero()) {
			continue
		}
		hours, err := c.count(ctx, at, earlier(at.Add(day), now), sizes)
		if err != nil {
			return err
		}
		if back > 1 && last.IsZero() && len(hours) == 0 {
			empty = append(empty, at)
			continue
		}
		// Of days behind one that Loki still has, it would have what there was.
		if err := c.settle(ctx, empty, now, len(hours) > 0); err != nil {
			return err
		}
		empty = nil
		if !isDue {
			continue
		}
		if err := c.keep(ctx, at, hours, now, back > 1); err != nil {
			return err
		}
	}
	first, err := firstHour(ctx, c.DB, Envs{})
	if err != nil {
		return err
	}
	if err := c.settle(ctx, empty, now, first.IsZero() || first.After(today.Add(-countBack*day))); err != nil {
		return err
	}
	return forget(ctx, c.DB, today.Add(-keepDays*day))
}

// keep stores what a day was counted to have. Loki deletes what is too old, also of
// days that are counted again.
func (c *Counter) keep(ctx context.Context, start time.Time, hours []hour, now time.Time, mayBeGone bool) error {
	kept, err := store(ctx, c.DB, start, hours, now, mayBeGone)
	if err == nil && !kept {
		c.forgo(start)
	}
	return err
}

// settle stores that there was nothing in days, or that it is not known any more.
func (c *Counter) settle(ctx context.Context, days []time.Time, now time.Time, isKnown bool) error {
	for _, start := range days {
		if !isKnown {
			c.forgo(start)
			continue
		}
		if err := c.keep(ctx, start, nil, now, false); err != nil {
			return err
		}
	}
	return nil
}

// forgo notes that Loki has not all of a day any more.
func (c *Counter) forgo(start time.Time) {
	if c.gone == nil {
		c.gone = map[int64]bool{}
	}
	c.gone[start.Unix()] = true
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
