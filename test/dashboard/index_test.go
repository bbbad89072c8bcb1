package dashboard

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/clickhouse"
	"github.com/tovtech/tovplay-logging/internal/issues/index"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	engine "github.com/tovtech/tovplay-logging/test/clickhouse"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// indexed is an index of a Loki, on its own databases.
type indexed struct {
	*index.Indexer
	t        *testing.T
	store    issues.Store
	tracker  *life.Tracker
	db       *sql.DB
	lokiURL  string
	selector loki.Selector
}

// newIndexed makes an index in SQLite.
func newIndexed(t *testing.T, lokiURL, job string) *indexed {
	t.Helper()
	store, err := sqlite.Open(t.Context(), t.TempDir(), issues.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	return newIndexedIn(t, store, lokiURL, job)
}

// newIndexedIn makes an index in an event store, which it closes.
func newIndexedIn(t *testing.T, store issues.Store, lokiURL, job string) *indexed {
	t.Helper()
	x := &indexed{t: t, store: store, lokiURL: lokiURL, selector: loki.Selector(fmt.Sprintf("job=%q", job))}
	var err error
	if x.db, err = state.Open(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.store.Close(); x.db.Close() })
	x.open()
	return x
}

// open makes the parts anew on the databases, as a restart does.
func (x *indexed) open() {
	x.t.Helper()
	grouper := grouping.New(grouping.Rules{})
	var err error
	x.tracker, err = life.Open(x.t.Context(), life.Config{DB: x.db, Events: x.store, Grouper: grouper, Limits: life.DefaultLimits(), Now: time.Now})
	if err != nil {
		x.t.Fatal(err)
	}
	config := index.Default()
	config.Loki, config.Store, config.Tracker, config.Grouper = lokiClient(x.t, x.lokiURL), x.store, x.tracker, grouper
	config.Log, config.Selector = slog.New(slog.DiscardHandler), x.selector
	config.Every, config.CompareEvery, config.Compare = 100*time.Millisecond, time.Second, 8*time.Hour
	config.RetryMax = 200 * time.Millisecond
	x.Indexer = index.New(config)
}

// until runs the index until the store has so many events.
func (x *indexed) until(events int) {
	x.t.Helper()
	stop := background(x.t, x.Run)
	defer stop()
	servers.Eventually(x.t, fmt.Sprintf("%d events are indexed", events), func() bool {
		size, err := x.store.Size(x.t.Context())
		return err == nil && size.Events >= int64(events)
	})
}

func (x *indexed) events() []issues.Event {
	x.t.Helper()
	now := time.Now()
	events, err := x.store.Events(x.t.Context(), issues.EventQuery{Span: issues.Span{From: now.Add(-8 * 24 * time.Hour), To: now.Add(time.Hour)}, Ascending: true, Limit: 100_000})
	if err != nil {
		x.t.Fatal(err)
	}
	return events
}

// errorsOf returns n errors of different kinds, a step apart.
func errorsOf(from time.Time, step time.Duration, n int) []line {
	var lines []line
	for i := range n {
		text := fmt.Sprintf("2026-01-01 00:00:00 ERROR kind%c of failure %d", 'a'+i%9, i)
		lines = append(lines, line{at: from.Add(time.Duration(i) * step), text: text})
	}
	return lines
}

func TestIndex(t *testing.T) {
	t.Parallel()
	server := servers.LokiWith(t, "discover_log_levels: false", "discover_log_levels: true")
	for name, test := range map[string]func(*testing.T, string){
		"WhatComesLateEqualsARebuild":       lateDeliveryEqualsARebuild,
		"InClickHouseToo":                   lateInClickHouse,
		"ARestartGoesOn":                    aRestartGoesOn,
		"RepetitionsAreOneEvent":            repetitionsAreOneEvent,
		"WhoShippedALineDoesNotMatter":      whoShippedALineDoesNotMatter,
		"AnOutageOfLokiLosesNothing":        anOutageOfLokiLosesNothing,
		"TheLinesAroundAnEventAreKeptWhole": linesAroundAnEventAreKept,
		"AnotherImageIsADeploy":             anotherImageIsADeploy,
		"TheAPIHasItsIssues":                theAPIHasItsIssues,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, server.URL)
		})
	}
}

// lateDeliveryEqualsARebuild delivers two hours of errors after the index has
// passed them, stream by stream, the newer part first.
func lateDeliveryEqualsARebuild(t *testing.T, lokiURL string) { late(t, lokiURL, newIndexed) }

// lateInClickHouse does the same in ClickHouse.
func lateInClickHouse(t *testing.T, lokiURL string) {
	e := engine.Start(t)
	late(t, lokiURL, func(t *testing.T, lokiURL, job string) *indexed {
		t.Helper()
		store, err := clickhouse.Open(t.Context(), e.Database(t), issues.Retention{})
		if err != nil {
			t.Fatal(err)
		}
		return newIndexedIn(t, store, lokiURL, job)
	})
}

func late(t *testing.T, lokiURL string, open func(t *testing.T, lokiURL, job string) *indexed) {
	job := jobOf(t)
	x := open(t, lokiURL, job)
	now := time.Now()
	early := errorsOf(now.Add(-5*time.Hour), time.Minute, 100)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a", level="error"}`, job), early...)
	x.until(100)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="b", level="error"}`, job), errorsOf(now.Add(-3*time.Hour), time.Second, 300)...)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="c", level="error"}`, job), errorsOf(now.Add(-4*time.Hour), 20*time.Second, 400)...)
	x.open()
	x.until(800)
	again := open(t, lokiURL, job)
	var last index.Progress
	if err := again.Rebuild(t.Context(), issues.Span{From: now.Add(-6 * time.Hour), To: now}, func(p index.Progress) { last = p }); err != nil {
		t.Fatal(err)
	}
	if last.Events != 800 || last.Done != last.Of {
		t.Errorf("the rebuild ended with %+v", last)
	}
	if got, want := x.events(), again.events(); !reflect.DeepEqual(got, want) {
		t.Errorf("%d events, a rebuild has %d", len(got), len(want))
	}
	if got, want := x.totals(now), again.totals(now); !reflect.DeepEqual(got, want) || len(got) != 9 {
		t.Errorf("counts %+v, a rebuild has %+v", got, want)
	}
	if err := x.Rebuild(t.Context(), issues.Span{From: now.Add(-6 * time.Hour), To: now}, func(index.Progress) {}); err != nil {
		t.Fatal(err)
	}
	if got, want := x.events(), again.events(); !reflect.DeepEqual(got, want) {
		t.Errorf("after a rebuild of its own %d events, want %d", len(got), len(want))
	}
}

func (x *indexed) totals(now time.Time) []issues.Total {
	x.t.Helper()
	totals, err := x.store.Totals(x.t.Context(), issues.Span{From: now.Add(-8 * time.Hour), To: now}, issues.Filter{})
	if err != nil {
		x.t.Fatal(err)
	}
	slices.SortFunc(totals, func(a, b issues.Total) int { return cmp.Compare(a.Key, b.Key) })
	return totals
}

func aRestartGoesOn(t *testing.T, lokiURL string) {
	job := jobOf(t)
	x := newIndexed(t, lokiURL, job)
	stream := fmt.Sprintf(`{job=%q, service="a", level="error"}`, job)
	pushLines(t, lokiURL, stream, errorsOf(time.Now().Add(-time.Hour), time.Second, 50)...)
	x.until(50)
	pushLines(t, lokiURL, stream, errorsOf(time.Now().Add(-time.Second), time.Millisecond, 50)...)
	x.open()
	x.until(100)
	if s := x.Status(); s.Events != 50 || s.Failure != "" {
		t.Errorf("after the restart: %+v", s)
	}
	list, err := x.tracker.List(t.Context(), life.ListQuery{Span: issues.Span{From: time.Now().Add(-2 * time.Hour), To: time.Now()}})
	if err != nil || list.Total != 9 || list.Issues[0].Events < 10 {
		t.Errorf("got %+v, %v", list, err)
	}
}

func repetitionsAreOneEvent(t *testing.T, lokiURL string) {
	job := jobOf(t)
	x := newIndexed(t, lokiURL, job)
	stream := fmt.Sprintf(`{job=%q, service="a", level="error"}`, job)
	lines := errorsOf(time.Now().Add(-time.Hour), time.Millisecond, 40)
	for range 3 {
		pushLines(t, lokiURL, stream, lines...)
	}
	x.until(40)
	pushLines(t, lokiURL, stream, lines...)
	pushLines(t, lokiURL, stream, errorsOf(time.Now().Add(-time.Second), time.Millisecond, 1)...)
	x.until(41)
	if got := len(x.events()); got != 41 {
		t.Errorf("%d events, want 41", got)
	}
}

// whoShippedALineDoesNotMatter pushes one line with a level and a group, with a
// level alone, without both, and lines that are no errors.
func whoShippedALineDoesNotMatter(t *testing.T, lokiURL string) {
	job := jobOf(t)
	x := newIndexed(t, lokiURL, job)
	text := "2026-01-01 00:00:00 ERROR cannot reach 10.0.0.1"
	var result grouping.Result
	grouping.New(grouping.Rules{}).Group(grouping.Event{Text: []byte(text)}, &result)
	at := time.Now().Add(-time.Minute)
	grouped := push.LabelsAdapter{{Name: "error_group", Value: result.Key.String()}}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a", level="error"}`, job), line{at: at, text: text, metadata: grouped})
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="b", level="error"}`, job), line{at: at, text: text})
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="c"}`, job), line{at: at, text: text},
		line{at: at.Add(time.Second), text: "2026-01-01 00:00:00 INFO all is well"}, line{at: at.Add(2 * time.Second), text: "no level at all"})
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="d", level="info"}`, job), line{at: at, text: "ERROR says an info"})
	x.until(3)
	keys := map[issues.Key]int{}
	for _, e := range x.events() {
		keys[e.Key]++
	}
	if len(keys) != 1 || keys[result.Key] != 3 {
		t.Errorf("keys %v, want %s three times", keys, result.Key)
	}
}

// anOutageOfLokiLosesNothing answers with errors, nothing and half an answer for
// a while, and some later.
func anOutageOfLokiLosesNothing(t *testing.T, lokiURL string) {
	job := jobOf(t)
	target, err := url.Parse(lokiURL)
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	faulty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/query_range") {
			proxy.ServeHTTP(w, r)
			return
		}
		n := calls.Add(1)
		if n > 60 && n%20 != 0 {
			n = 0
		}
		switch n % 6 {
		case 0:
			proxy.ServeHTTP(w, r)
		case 1:
			http.Error(w, "too many outstanding requests", http.StatusTooManyRequests)
		case 2:
			http.Error(w, "rpc error", http.StatusInternalServerError)
		case 3:
			http.Error(w, "parse error", http.StatusBadRequest)
		case 4:
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"streams","result":[{"stream":`)
		case 5:
			fmt.Fprint(w, `{"status":"succ`)
		}
	}))
	t.Cleanup(faulty.Close)
	lines := errorsOf(time.Now().Add(-time.Hour), time.Second, 3000)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a", level="error"}`, job), lines...)
	x := newIndexed(t, faulty.URL, job)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	stop := background(t, func(context.Context) error { return x.Run(ctx) })
	servers.Eventually(t, "all is indexed", func() bool {
		size, err := x.store.Size(t.Context())
		return err == nil && size.Events == 3000
	})
	cancel()
	stop()
	if got := x.events(); len(got) != 3000 || calls.Load() < 60 {
		t.Errorf("%d events after %d calls, want 3000", len(got), calls.Load())
	}
}

func linesAroundAnEventAreKept(t *testing.T, lokiURL string) {
	job := jobOf(t)
	x := newIndexed(t, lokiURL, job)
	at := time.Now().Add(-time.Minute)
	var around []line
	for i := range 30 {
		around = append(around, line{at: at.Add(time.Duration(i-15)*time.Second + time.Millisecond), text: fmt.Sprintf("INFO step %d", i)})
	}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a", level="info"}`, job), around...)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a", level="error"}`, job), line{at: at, text: "ERROR it broke"})
	x.until(1)
	stop := background(t, x.Run)
	defer stop()
	servers.Eventually(t, "the lines around are kept", func() bool {
		d, err := x.tracker.Get(t.Context(), 1)
		return err == nil && len(d.Evidence) == 1 && d.Evidence[0].Context
	})
	d, err := x.tracker.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	e := d.Evidence[0]
	if len(e.Before) != 10 || len(e.After) != 10 || e.Before[9].Text != "INFO step 14" || e.After[0].Text != "INFO step 15" {
		t.Errorf("before %+v, after %+v", e.Before, e.After)
	}
}

func anotherImageIsADeploy(t *testing.T, lokiURL string) {
	job := jobOf(t)
	x := newIndexed(t, lokiURL, job)
	stream := fmt.Sprintf(`{job=%q, service="a", env="prod", level="info"}`, job)
	say := func(image string) {
		pushLines(t, lokiURL, stream, line{at: time.Now().Add(-time.Second), text: "INFO started", metadata: push.LabelsAdapter{{Name: "image", Value: image}}})
	}
	look := func(images int) { // Run looks at images at its start
		t.Helper()
		x.open()
		stop := background(t, x.Run)
		defer stop()
		servers.Eventually(t, fmt.Sprintf("%d images are known", images), func() bool {
			var n int
			err := x.db.QueryRowContext(t.Context(), "SELECT count(*) FROM images").Scan(&n)
			return err == nil && n == images
		})
	}
	say("backend:1")
	look(1)
	say("backend:2")
	look(2)
	now := time.Now()
	deploys, err := x.tracker.Deploys(t.Context(), issues.Span{From: now.Add(-time.Hour), To: now.Add(time.Hour)}, "a", "prod")
	if err != nil || len(deploys) != 1 || deploys[0].Version != "backend:2" || deploys[0].Source != life.FromImage {
		t.Errorf("got %+v, %v", deploys, err)
	}
}
