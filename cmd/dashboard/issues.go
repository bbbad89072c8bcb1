package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/clickhouse"
	"github.com/tovtech/tovplay-logging/internal/issues/index"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

// errorIndex makes issues of errors. The nil errorIndex makes none.
type errorIndex struct {
	lock    *os.File
	store   issues.Store
	tracker *life.Tracker
	indexer *index.Indexer
}

// openIssues opens the event store and the issues, and locks out other processes
// that index. It returns nil when issues are off.
func openIssues(ctx context.Context, o options, db *sql.DB, client *loki.Client, log *slog.Logger) (x *errorIndex, err error) {
	if o.issues.off {
		return nil, nil
	}
	grouper, version, err := loadGrouper(o.issues.rules)
	if err != nil {
		return nil, err
	}
	x = &errorIndex{}
	if x.lock, err = index.Lock(o.dataDir); err != nil {
		return nil, err
	}
	if x.store, err = openEvents(ctx, o); err != nil {
		return nil, errors.Join(err, x.lock.Close())
	}
	x.tracker, err = life.Open(ctx, life.Config{DB: db, Events: x.store, Grouper: grouper, Limits: life.DefaultLimits(), Now: time.Now})
	if err == nil {
		err = x.tracker.Regroup(ctx, version)
	}
	if err != nil {
		return nil, errors.Join(err, x.store.Close(), x.lock.Close())
	}
	config := index.Default()
	config.Loki, config.Store, config.Tracker, config.Grouper, config.Log = client, x.store, x.tracker, grouper, log
	config.Keep, config.Selector = o.issues.keep, o.loki.Selector
	x.indexer = index.New(config)
	return x, nil
}

// openEvents opens the event store that the options choose.
func openEvents(ctx context.Context, o options) (issues.Store, error) {
	if dsn := o.issues.clickHouse; !dsn.IsZero() {
		return clickhouse.Open(ctx, dsn.Reveal(), o.issues.keep)
	}
	store, err := sqlite.Open(ctx, o.dataDir, o.issues.keep)
	if errors.Is(err, sqlite.ErrUnusable) {
		return nil, fmt.Errorf("%w; \"dashboard reindex\" keeps that file and fills a new one from Loki", err)
	}
	if err != nil {
		return nil, err // not a nil *sqlite.Store in an interface
	}
	return store, nil
}

// loadGrouper returns what groups errors, and a name of its version: another one
// means that keys of equal events may differ.
func loadGrouper(file string) (*grouping.Grouper, string, error) {
	if file == "" {
		return grouping.New(grouping.Rules{}), grouping.Version, nil
	}
	rules, err := grouping.LoadRules(file)
	if err != nil {
		return nil, "", err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("read grouping rules: %w", err)
	}
	return grouping.New(rules), fmt.Sprintf("%s with rules %x", grouping.Version, sha256.Sum256(text)), nil
}

// run follows Loki until ctx ends.
func (x *errorIndex) run(ctx context.Context) error {
	if x == nil {
		return nil
	}
	return x.indexer.Run(ctx)
}

// issues are what the server shows, nil for none.
func (x *errorIndex) issues() *life.Tracker {
	if x == nil {
		return nil
	}
	return x.tracker
}

// follower says how far the index is, nil for none.
func (x *errorIndex) follower() *index.Indexer {
	if x == nil {
		return nil
	}
	return x.indexer
}

// close stores what was learned and closes the event store.
func (x *errorIndex) close(log *slog.Logger) {
	if x == nil {
		return
	}
	if err := errors.Join(x.tracker.Save(context.Background()), x.store.Close(), x.lock.Close()); err != nil {
		log.Error("close the issues", "error", err)
	}
}

// sizeEvery is how long a measured size serves.
const sizeEvery = time.Minute

// collectors are the metrics of the index.
func (x *errorIndex) collectors() []prometheus.Collector {
	up := func() float64 { return 0 }
	if x == nil {
		return []prometheus.Collector{gauge("dashboard_index_up", "1 while errors become issues, 0 if Loki or a database is in the way.", up)}
	}
	status := x.indexer.Status
	size := x.sizes()
	return []prometheus.Collector{
		gauge("dashboard_index_up", "1 while errors become issues, 0 if Loki or a database is in the way.", func() float64 {
			if s := status(); s.Failure != "" || s.Cursor.IsZero() {
				return 0
			}
			return 1
		}),
		gauge("dashboard_index_lag_seconds", "How far the index is behind the clock.", func() float64 { return status().Lag.Seconds() }),
		counter("dashboard_index_events_total", "New events that were stored.", func() float64 { return float64(status().Events) }),
		counter("dashboard_index_hours_differing_total", "Hours of streams of which Loki had more events than the index.", func() float64 { return float64(status().Differing) }),
		gauge("dashboard_index_stored_events", "Events in the event store.", func() float64 { return float64(size().Events) }),
		gauge("dashboard_index_stored_bytes", "Size of the event store.", func() float64 { return float64(size().Bytes) }),
		gauge("dashboard_index_keys", "Different grouping keys in the event store.", func() float64 { return float64(size().Keys) }),
	}
}

// sizes returns a function that measures the store once a minute at most, and
// gives the last size while it cannot.
func (x *errorIndex) sizes() func() issues.Size {
	var mu sync.Mutex
	var last issues.Size
	var at time.Time
	return func() issues.Size {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(at) < sizeEvery {
			return last
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if size, err := x.store.Size(ctx); err == nil {
			last, at = size, time.Now()
		}
		return last
	}
}

func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

func counter(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value)
}
