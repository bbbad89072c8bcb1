// Package index follows Loki and keeps the event store and the issues up to date
// with it.
//
//	Loki ─pages─▶ which lines are events? ─▶ their issues (life) ─▶ the store ─▶ cursor
//	  ▲                                                              ▲
//	  └── every ten minutes: has it more lines of an hour? ──────────┘
//
// The cursor moves when events are stored, never before. Each look reads again
// what lies a little before it; what comes later than that is found by the
// comparison. Storing an event twice changes nothing.
//
// Limits: lines without a level label are read whole, to find errors among them.
// What arrives more than Compare late is indexed by a rebuild alone.
package index

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

// Loki is what is asked of Loki; *loki.Client is one.
type Loki interface {
	Page(ctx context.Context, req loki.PageRequest) (loki.Page, error)
	Totals(ctx context.Context, query string, by []string, start, end time.Time) ([]loki.Total, error)
}

// Config is what an Indexer needs, and how it works.
type Config struct {
	Loki    Loki
	Store   issues.Store
	Tracker *life.Tracker
	Grouper *grouping.Grouper
	Log     *slog.Logger
	Now     func() time.Time
	// Keep is the store's: what is older is not compared.
	Keep issues.Retention

	// Selector says of which streams errors become issues.
	Selector loki.Selector
	// Every is the time between two looks. Each look reads Overlap again, and once
	// in Deep as much as Deep.
	Every, Overlap, Deep time.Duration
	// CompareEvery is the time between two comparisons, Compare how far back they
	// and the first start go.
	CompareEvery, Compare time.Duration
	// RetryMax is the longest time between two attempts.
	RetryMax time.Duration
}

// Default returns how an Indexer works, without its dependencies.
func Default() Config {
	return Config{
		Now: time.Now, Selector: loki.DefaultSelector,
		Every: 2 * time.Second, Overlap: 10 * time.Second, Deep: 2 * time.Minute,
		CompareEvery: 10 * time.Minute, Compare: 7 * 24 * time.Hour, RetryMax: time.Minute,
	}
}

const (
	// pageLines and pageBytes bound what is in memory at once.
	pageLines = 1000
	pageBytes = 4 << 20
	// cursorEvery is how often the cursor is stored when nothing comes.
	cursorEvery = 30 * time.Second
	// clockBack is how much is read again when the clock was set back.
	clockBack = time.Hour
	// seenMax bounds how many lines of the overlap are remembered.
	seenMax = 200_000
	// cursorName is the name of the cursor's value.
	cursorName = "cursor"
)

// Indexer follows Loki. Run does the work; Rebuild and Status may be called
// meanwhile.
type Indexer struct {
	Config
	query string

	// take is held while events are stored, and for the whole of an hour that is
	// replaced.
	take  sync.Mutex
	maker maker
	seen  map[issues.ID]int64 // the lines of the overlap that are stored, with their time

	// Of the follow alone.
	cursor, saved, deep time.Time
	left                *loki.PageRequest // of a range that could not be read to its end

	mu     sync.Mutex
	status Status
}

// Status says how far the index is.
type Status struct {
	// Cursor is the time up to which Loki was read, zero before the first look;
	// Lag is how far that is behind the clock.
	Cursor time.Time
	Lag    time.Duration
	// Events is how many new events were stored since the start.
	Events int64
	// Failure says why the index does not go on, "" if it does; Since is when that
	// began.
	Failure string
	Since   time.Time
	// Compared is when the last comparison was complete; Differing is how many
	// hours of streams had to be indexed again since the start.
	Compared  time.Time
	Differing int64
}

// New returns an Indexer.
func New(config Config) *Indexer {
	config.Now = wall(config.Now)
	return &Indexer{Config: config, query: queryOf(config.Selector), maker: maker{grouper: config.Grouper}, seen: map[issues.ID]int64{}}
}

// wall returns a clock without monotonic time, which would hide that the clock was
// set back.
func wall(now func() time.Time) func() time.Time {
	return func() time.Time { return now().Round(0) }
}

// Run follows Loki until ctx ends. Whatever fails is tried again; nothing is
// passed over.
func (x *Indexer) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, task := range []struct {
		name  string
		every time.Duration
		do    func(context.Context) error
	}{
		{"follow Loki", x.Every, x.look},
		{"compare the index with Loki", x.CompareEvery, x.compare},
		{"keep the lives of issues", 10 * time.Second, x.Tracker.Tick},
		{"look for lines around evidence", 10 * time.Second, x.contexts},
		{"look for new images", time.Minute, x.images},
		{"delete what has expired", time.Hour, x.expire},
	} {
		group.Go(func() error {
			x.repeat(ctx, task.name, task.every, task.do)
			return nil
		})
	}
	return group.Wait()
}

// repeat does something at once and then every so often until ctx ends, more
// seldom while it fails. It logs changes alone.
func (x *Indexer) repeat(ctx context.Context, name string, every time.Duration, do func(context.Context) error) {
	wait, failing := every, false
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := do(ctx)
		if ctx.Err() != nil {
			return
		}
		switch {
		case err != nil:
			wait = min(wait*2, max(x.RetryMax, every))
			if !failing {
				x.Log.Warn("cannot "+name+"; trying again", "error", err)
			}
		case failing:
			x.Log.Info("can " + name + " again")
		}
		if failing = err != nil; !failing {
			wait = every
		}
		timer.Reset(wait)
	}
}

// expire deletes what is older than is kept: events and counts, and the issues of
// which no count is left.
func (x *Indexer) expire(ctx context.Context) error {
	if err := x.Store.DeleteExpired(ctx); err != nil {
		return err
	}
	if x.Keep.Counts == 0 {
		return nil
	}
	return x.Tracker.Expire(ctx, x.Now().Add(-x.Keep.Counts))
}

// Status returns how far the index is.
func (x *Indexer) Status() Status {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.status
	if !s.Cursor.IsZero() {
		s.Lag = max(x.Now().Sub(s.Cursor), 0)
	}
	return s
}

// report changes the status.
func (x *Indexer) report(change func(*Status)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(&x.status)
}

// look reads what is new, and stores it.
func (x *Indexer) look(ctx context.Context) error {
	err := x.readOn(ctx)
	if ctx.Err() != nil {
		return err
	}
	x.report(func(s *Status) {
		s.Cursor = x.cursor
		switch {
		case err == nil:
			s.Failure, s.Since = "", time.Time{}
		case s.Failure == "":
			s.Since = x.Now()
			fallthrough
		default:
			s.Failure = err.Error()
		}
	})
	return err
}

// readOn reads from the cursor to the present; or first what is left of a range
// that could not be read to its end, so that empty hours are not read again.
func (x *Indexer) readOn(ctx context.Context) error {
	if err := x.place(ctx, x.Now()); err != nil {
		return err
	}
	if x.left == nil {
		x.left = x.request(x.from(), x.Now())
	}
	err := x.pages(ctx, x.left, func(entries []loki.Entry) error {
		n, err := x.store(ctx, entries, nil)
		if err != nil || len(entries) == 0 {
			return err
		}
		if last := time.Unix(0, entries[len(entries)-1].TS); last.After(x.cursor) {
			x.cursor = last
			x.prune() // a first start stores millions
		}
		x.report(func(s *Status) { s.Cursor = x.cursor })
		if n == 0 {
			return nil
		}
		return x.saveCursor(ctx)
	})
	if err != nil {
		return err
	}
	x.cursor, x.left = x.left.End, nil
	x.prune()
	if now := x.Now(); now.Sub(x.saved) < cursorEvery && !now.Before(x.saved) {
		return nil
	}
	return x.saveCursor(ctx)
}

// from returns where a look begins: a little before the cursor, now and then more.
func (x *Indexer) from() time.Time {
	now := x.Now()
	if now.Sub(x.deep) < x.Deep && !now.Before(x.deep) {
		return x.cursor.Add(-x.Overlap)
	}
	x.deep = now
	return x.cursor.Add(-x.Deep)
}

// place reads the cursor at the first look, and moves it back when the clock was
// set back.
func (x *Indexer) place(ctx context.Context, now time.Time) error {
	if x.cursor.IsZero() {
		value, err := x.Tracker.Value(ctx, cursorName)
		if err != nil {
			return err
		}
		x.cursor = now.Add(-x.Compare)
		if len(value) == 8 {
			x.cursor = time.Unix(0, int64(binary.BigEndian.Uint64(value)))
		}
	}
	if x.cursor.After(now) {
		x.Log.Warn("the clock was set back; reading an hour again", "cursor", x.cursor, "now", now)
		x.cursor, x.left = now.Add(-clockBack), nil
	}
	return nil
}

func (x *Indexer) saveCursor(ctx context.Context) error {
	x.saved = x.Now()
	return x.Tracker.SetValue(ctx, cursorName, binary.BigEndian.AppendUint64(nil, uint64(x.cursor.UnixNano())))
}

// pages reads a range to its end, the oldest first, and hands over its pages.
// When it fails, req is what is left.
func (x *Indexer) pages(ctx context.Context, req *loki.PageRequest, use func([]loki.Entry) error) error {
	for {
		page, err := x.Loki.Page(ctx, *req) // a partial page is followed by its error, if it lasts
		if err != nil {
			return err
		}
		if err := use(page.Entries); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		req.Cursor = page.Next
	}
}

// request asks for the lines of a range that may be events.
func (x *Indexer) request(from, to time.Time) *loki.PageRequest {
	return &loki.PageRequest{Query: x.query, Start: from, End: to, Limit: pageLines, Bytes: pageBytes, Direction: loki.Forward}
}

// store stores the events among the entries, of the streams alone if there are
// any, and returns how many were new.
func (x *Indexer) store(ctx context.Context, entries []loki.Entry, streams map[string]bool) (int, error) {
	x.take.Lock()
	defer x.take.Unlock()
	return x.storeLocked(ctx, entries, streams)
}

func (x *Indexer) storeLocked(ctx context.Context, entries []loki.Entry, streams map[string]bool) (int, error) {
	var seen []life.Seen
	known := sources{}
	for i := range entries {
		e := &entries[i]
		s := known.of(e)
		if streams != nil && !streams[s.stream] {
			continue
		}
		l, is := s.isEvent(e.Line)
		if !is {
			continue
		}
		if _, stored := x.seen[s.id(e)]; !stored {
			seen = append(seen, x.maker.event(e, s, l))
		}
	}
	if len(seen) == 0 {
		return 0, nil
	}
	if err := x.Tracker.Take(ctx, seen); err != nil {
		return 0, err
	}
	events := make([]issues.Event, len(seen))
	for i := range seen {
		events[i] = *seen[i].Event
	}
	n, err := x.Store.Insert(ctx, events)
	if err != nil {
		return 0, fmt.Errorf("store events: %w", err)
	}
	if len(x.seen)+len(events) > seenMax {
		clear(x.seen)
	}
	for i := range events {
		x.seen[events[i].ID] = events[i].Time
	}
	x.report(func(s *Status) { s.Events += int64(n) })
	return n, nil
}

// prune forgets the lines before the overlap.
func (x *Indexer) prune() {
	x.take.Lock()
	defer x.take.Unlock()
	oldest := x.cursor.Add(-x.Deep - x.Overlap).UnixNano()
	for id, at := range x.seen {
		if at < oldest {
			delete(x.seen, id)
		}
	}
}
