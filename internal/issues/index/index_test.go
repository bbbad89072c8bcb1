package index

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

// fakeLoki holds entries; fail says what goes wrong, if it does.
type fakeLoki struct {
	mu      sync.Mutex
	entries []loki.Entry
	fail    func(call int) error
	calls   int
	starts  []time.Time // of each call's range
	// cut makes a page partial after so many lines, 0 none.
	cut int
}

func (f *fakeLoki) add(entries ...loki.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries = append(f.entries, entries...)
	slices.SortStableFunc(f.entries, func(a, b loki.Entry) int { return cmp.Compare(a.TS, b.TS) })
}

// Page gives the lines of the range; a cursor is the index to go on at.
func (f *fakeLoki) Page(_ context.Context, req loki.PageRequest) (loki.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	f.starts = append(f.starts, req.Start)
	if f.fail != nil {
		if err := f.fail(f.calls); err != nil {
			return loki.Page{}, err
		}
	}
	var fit []loki.Entry
	for _, e := range f.entries {
		if e.TS >= req.Start.UnixNano() && e.TS < req.End.UnixNano() {
			fit = append(fit, e)
		}
	}
	from := 0
	if req.Cursor != "" {
		fmt.Sscan(req.Cursor, &from)
	}
	page := loki.Page{Entries: fit[min(from, len(fit)):min(from+req.Limit, len(fit))]}
	if f.cut > 0 && len(page.Entries) > f.cut {
		page.Entries, page.Partial = page.Entries[:f.cut], true
	}
	if next := from + len(page.Entries); next < len(fit) {
		page.Next = fmt.Sprint(next)
	}
	return page, nil
}

// called returns how often Page was called.
func (f *fakeLoki) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *fakeLoki) Totals(context.Context, string, []string, time.Time, time.Time) ([]loki.Total, error) {
	return nil, nil
}

// rig is an indexer with its databases.
type rig struct {
	*Indexer
	t    *testing.T
	loki *fakeLoki
	db   *sql.DB
	now  time.Time
}

var testLabels = map[string]string{"job": "docker", "service": "backend", "env": "prod", "level": "error"}

func newRig(t *testing.T, now time.Time) *rig {
	t.Helper()
	r := &rig{t: t, loki: &fakeLoki{}, now: now}
	var err error
	if r.db, err = state.Open(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), t.TempDir(), issues.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close(); r.db.Close() })
	r.open(store)
	return r
}

// open makes an indexer on the databases, as a restart does.
func (r *rig) open(store issues.Store) {
	r.t.Helper()
	clock := func() time.Time { return r.now }
	grouper := grouping.New(grouping.Rules{})
	tracker, err := life.Open(r.t.Context(), life.Config{DB: r.db, Events: store, Grouper: grouper, Limits: life.DefaultLimits(), Now: clock})
	if err != nil {
		r.t.Fatal(err)
	}
	config := Default()
	config.Loki, config.Store, config.Tracker, config.Grouper, config.Now, config.Log = r.loki, store, tracker, grouper, clock, slog.New(slog.DiscardHandler)
	r.Indexer = New(config)
}

// line makes an entry.
func line(at time.Time, text string) loki.Entry {
	return loki.Entry{TS: at.UnixNano(), Line: text, Labels: testLabels}
}

func (r *rig) mustLook() {
	r.t.Helper()
	if err := r.look(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) mustCompare() {
	r.t.Helper()
	if err := r.compare(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// stored returns the events of the store, without the order in which they came.
func (r *rig) events() []issues.Event {
	r.t.Helper()
	events, err := r.Store.Events(r.t.Context(), issues.EventQuery{Span: issues.Span{From: r.now.Add(-30 * 24 * time.Hour), To: r.now.Add(24 * time.Hour)}, Ascending: true, Limit: 100_000})
	if err != nil {
		r.t.Fatal(err)
	}
	return events
}

func (r *rig) texts() (texts []string) {
	r.t.Helper()
	for _, e := range r.events() {
		texts = append(texts, cmp.Or(e.Text, e.Message))
	}
	return texts
}

var noon = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)

func TestEventsAreTheLinesAtErrorLevelAndAbove(t *testing.T) {
	t.Parallel()
	entry := func(labels, metadata map[string]string, text string) loki.Entry {
		return loki.Entry{TS: 1, Line: text, Labels: labels, Metadata: metadata}
	}
	for name, test := range map[string]struct {
		e    loki.Entry
		want bool
	}{
		"label":                 {entry(map[string]string{"level": "error"}, nil, "x"), true},
		"gravest label":         {entry(map[string]string{"level": "FATAL"}, nil, "x"), true},
		"lower label":           {entry(map[string]string{"level": "info"}, nil, "ERROR x"), false},
		"unknown label":         {entry(map[string]string{"level": "unknown"}, nil, "ERROR x"), false},
		"detected by Loki":      {entry(nil, map[string]string{"detected_level": "critical"}, "x"), true},
		"not detected by Loki":  {entry(nil, map[string]string{"detected_level": "unknown"}, "ERROR x"), true},
		"detected here":         {entry(map[string]string{"job": "a"}, nil, "2026-01-01 00:00:00 ERROR x"), true},
		"no level":              {entry(map[string]string{"job": "a"}, nil, "no errors found"), false},
		"further part of one":   {entry(map[string]string{"level": "error"}, map[string]string{"part": "2", "parts": "3"}, "x"), false},
		"first part of a line":  {entry(map[string]string{"level": "error"}, map[string]string{"part": "1", "parts": "3"}, "x"), true},
		"JSON record, no label": {entry(map[string]string{"job": "a"}, nil, `{"level":"ERROR","message":"x"}`), true},
	} {
		if _, got := newSource(test.e.Labels, test.e.Metadata).isEvent(test.e.Line); got != test.want {
			t.Errorf("%s: event %v, want %v", name, got, test.want)
		}
	}
}

func TestAnEventHasWhatTheLineAndItsLabelsSay(t *testing.T) {
	t.Parallel()
	m := maker{grouper: grouping.New(grouping.Rules{})}
	text := `{"level":"ERROR","message":"Exception on /a [GET]","path":"/a","user_id":7,"correlation_id":"c1","exception":{"type":"KeyError","message":"'x'","traceback":["Traceback (most recent call last):\n  File \"/app/src/a.py\", line 3, in f\n    g()\nKeyError: 'x'\n"]}}`
	e := loki.Entry{TS: 5, Line: text, Labels: testLabels, Metadata: map[string]string{"image": "backend:2", "error_group": "v1:00000000000000ff", "container_id": "abc"}}
	s := newSource(e.Labels, e.Metadata)
	l, _ := s.isEvent(text)
	got := m.event(&e, s, l)
	if got.Key != 0xff || got.Group != "v1:00000000000000ff" || got.Exception == 0 || got.Type != "KeyError" || got.Message != "'x'" || got.Text != text ||
		got.Service != "backend" || got.Env != "prod" || got.Level != "error" || got.Correlation != "c1" || !strings.Contains(got.Culprit, "f") {
		t.Errorf("got %+v", got.Event)
	}
	if want := map[string]string{"endpoint": "/a", "user": "7", "release": "backend:2"}; !reflect.DeepEqual(got.Tags, want) {
		t.Errorf("tags %v, want %v", got.Tags, want)
	}
	if want := `{env="prod", job="docker", level="error", service="backend"}`; got.Stream != want {
		t.Errorf("stream %s, want %s", got.Stream, want)
	}
	moved := loki.Entry{TS: 5, Line: text, Labels: map[string]string{"job": "docker", "service": "backend", "env": "prod", "level": "error", "image": "backend:2"},
		Metadata: map[string]string{"error_group": "v1:00000000000000ff", "container_id": "abc"}}
	if other := newSource(moved.Labels, moved.Metadata).id(&moved); other != got.ID {
		t.Error("the ID depends on which names the index knows")
	}
	moved.Metadata = map[string]string{"container_id": "abd"}
	if other := newSource(moved.Labels, moved.Metadata).id(&moved); other == got.ID {
		t.Error("lines that differ in metadata have one ID")
	}
}

func TestLinesBeforeTheOverlapAreForgottenWhileMoreAreRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	for i := range 3 * pageLines {
		r.loki.add(line(noon.Add(time.Duration(i-4*pageLines)*time.Second), "ERROR again"))
	}
	most := 0
	r.loki.fail = func(int) error {
		most = max(most, len(r.seen))
		return nil
	}
	r.mustLook()
	if got := len(r.texts()); got != 3*pageLines || most > pageLines {
		t.Errorf("%d events are stored, %d lines were remembered at most; want %d and no more than of a page", got, most, 3*pageLines)
	}
}

func TestARestartGoesOnAtTheCursor(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	r.loki.add(line(noon.Add(-6*24*time.Hour), "ERROR old"), line(noon.Add(-time.Minute), "ERROR new"))
	r.mustLook()
	store := r.Store
	r.now = r.now.Add(time.Hour)
	r.loki.add(line(r.now.Add(-30*time.Minute), "ERROR meanwhile"))
	calls := r.loki.calls
	r.open(store)
	r.mustLook()
	if got, want := r.texts(), []string{"ERROR old", "ERROR new", "ERROR meanwhile"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.loki.calls != calls+1 {
		t.Errorf("%d pages were read after the restart", r.loki.calls-calls)
	}
	if s := r.Status(); !s.Cursor.Equal(r.now) || s.Events != 1 || s.Failure != "" {
		t.Errorf("status %+v", s)
	}
}

func TestARestartInAnOutageGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	for i := range 2500 {
		r.loki.add(line(noon.Add(-2*time.Hour+time.Duration(i)*time.Second), fmt.Sprintf("ERROR line %d", i)))
	}
	r.loki.fail = func(call int) error {
		if call == 3 {
			return &loki.Error{Code: loki.CodeUnavailable}
		}
		return nil
	}
	if err := r.look(t.Context()); err == nil {
		t.Fatal("no error")
	}
	r.open(r.Store)
	r.mustLook()
	if want := noon.Add(-2*time.Hour + 1999*time.Second - r.Deep); !r.loki.starts[3].Equal(want) {
		t.Errorf("after the restart it reads from %s, want %s", r.loki.starts[3], want)
	}
	if got := r.texts(); len(got) != 2500 {
		t.Errorf("%d lines", len(got))
	}
}

func TestTheCursorStaysWhenStoringFails(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	r.loki.add(line(noon.Add(-time.Minute), "ERROR one"))
	failing := &faultyStore{Store: r.Store, insert: func() error { return errors.New("the disk is full") }}
	r.Indexer.Store = failing
	if err := r.look(t.Context()); err == nil || !strings.Contains(r.Status().Failure, "the disk is full") {
		t.Fatalf("got %v, status %+v", err, r.Status())
	}
	failing.insert = nil
	r.mustLook()
	if got := r.texts(); !slices.Equal(got, []string{"ERROR one"}) {
		t.Errorf("got %q", got)
	}
}

// faultyStore fails to insert when insert says so.
type faultyStore struct {
	issues.Store
	insert func() error
}

func (f *faultyStore) Insert(ctx context.Context, events []issues.Event) (int, error) {
	if f.insert != nil {
		if err := f.insert(); err != nil {
			return 0, err
		}
	}
	return f.Store.Insert(ctx, events)
}

func TestNothingIsLostWhateverLokiAnswers(t *testing.T) {
	t.Parallel()
	faults := map[string]error{
		"400":     &loki.Error{Code: loki.CodeSyntax, Status: 400},
		"429":     &loki.Error{Code: loki.CodeThrottled, Status: 429},
		"500":     &loki.Error{Code: loki.CodeUnavailable, Status: 500},
		"nothing": &loki.Error{Code: loki.CodeTimeout},
	}
	var want []string
	for name, fault := range faults {
		r := newRig(t, noon)
		want = nil
		for i := range 2500 {
			text := fmt.Sprintf("ERROR line %d", i)
			want = append(want, text)
			r.loki.add(line(noon.Add(-time.Hour+time.Duration(i)*time.Second), text))
		}
		r.loki.fail = func(call int) error {
			if call%2 == 0 {
				return fault
			}
			return nil
		}
		failures := 0
		for r.look(t.Context()) != nil {
			if failures++; failures > 20 {
				t.Fatalf("%s: it never gets through", name)
			}
		}
		if got := r.texts(); failures == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %d failures, %d lines, want %d", name, failures, len(got), len(want))
		}
	}
}

func TestHalfAnAnswerIsStoredAndTheRestReadLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	for i := range 30 {
		r.loki.add(line(noon.Add(-time.Hour+time.Duration(i)*time.Minute), fmt.Sprintf("ERROR line %d", i)))
	}
	r.loki.cut = 10
	r.loki.fail = func(call int) error {
		if call == 2 {
			return &loki.Error{Code: loki.CodeUnavailable}
		}
		return nil
	}
	if err := r.look(t.Context()); err == nil {
		t.Fatal("half an answer is no error")
	}
	if got := r.texts(); len(got) != 10 {
		t.Errorf("%d lines of half an answer", len(got))
	}
	r.mustLook()
	if got := r.texts(); len(got) != 30 || r.loki.calls != 4 {
		t.Errorf("%d lines after %d calls, want 30 after 4", len(got), r.loki.calls)
	}
}

func TestTheClockMayJump(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	r.mustLook()
	r.now = noon.Add(24 * time.Hour) // by mistake
	r.mustLook()
	r.now = noon.Add(20 * time.Minute) // set right
	r.loki.add(line(noon.Add(time.Minute), "ERROR while the clock was wrong"))
	r.mustLook()
	r.loki.add(line(r.now, "ERROR after"))
	r.now = r.now.Add(time.Second)
	r.mustLook()
	if got := r.texts(); len(got) != 2 {
		t.Errorf("got %q", got)
	}
}

func TestWhatComesLateIsFoundAndEqualsARebuild(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	var late []loki.Entry
	for i := range 600 { // five hours; a part of it two hours late
		e := line(noon.Add(-6*time.Hour+time.Duration(i)*30*time.Second), fmt.Sprintf("ERROR line %d of kind%c", i, 'a'+i%7))
		if i%5 == 0 || i > 200 && i < 440 {
			late = append(late, e)
			continue
		}
		r.loki.add(e)
	}
	r.mustLook()
	r.loki.add(late...)
	r.mustLook()
	if got := r.texts(); len(got) == 600 {
		t.Fatal("nothing was late")
	}
	r.mustCompare()
	again := newRig(t, noon)
	again.loki = r.loki
	again.Indexer.Loki = r.loki
	if err := again.Rebuild(t.Context(), issues.Span{From: noon.Add(-7 * time.Hour), To: noon}, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	if got, want := r.events(), again.events(); len(got) != 600 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d events, a rebuild has %d", len(got), len(want))
	}
	span := issues.Span{From: noon.Add(-10 * time.Hour), To: noon}
	got, err := r.Store.Totals(t.Context(), span, issues.Filter{})
	want, err2 := again.Store.Totals(t.Context(), span, issues.Filter{})
	byKey := func(a, b issues.Total) int { return cmp.Compare(a.Key, b.Key) }
	slices.SortFunc(got, byKey)
	slices.SortFunc(want, byKey)
	if err != nil || err2 != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("totals %+v, a rebuild has %+v; %v %v", got, want, err, err2)
	}
	if s := r.Status(); s.Differing == 0 || s.Compared.IsZero() {
		t.Errorf("status %+v", s)
	}
	differing := r.Status().Differing
	r.mustCompare()
	if got := r.Status().Differing; got != differing {
		t.Errorf("a second comparison found %d more", got-differing)
	}
}

func TestWhatLokiNoLongerHasStays(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	r.loki.add(line(noon.Add(-5*time.Hour), "ERROR one"), line(noon.Add(-3*time.Hour), "ERROR two"))
	r.mustLook()
	r.loki.entries = r.loki.entries[1:]
	r.mustCompare()
	if n := r.Status().Differing; n != 0 {
		t.Errorf("%d hours differ", n)
	}
	if err := r.Rebuild(t.Context(), issues.Span{From: noon.Add(-24 * time.Hour), To: noon}, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	if got := r.texts(); len(got) != 2 {
		t.Errorf("got %q, want both lines", got)
	}
}

func TestARebuildReportsItsProgressAndNamesWhereItStopped(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	for i := range 5 {
		r.loki.add(line(noon.Add(-time.Duration(i)*time.Hour), "ERROR one"))
	}
	var steps []Progress
	span := issues.Span{From: noon.Add(-4 * time.Hour), To: noon.Add(time.Hour)}
	if err := r.Rebuild(t.Context(), span, func(p Progress) { steps = append(steps, p) }); err != nil {
		t.Fatal(err)
	}
	if last := steps[len(steps)-1]; len(steps) != 5 || last.Done != 5 || last.Of != 5 || last.Events != 5 {
		t.Errorf("progress %+v", steps)
	}
	r.loki.fail = func(call int) error { return &loki.Error{Code: loki.CodeUnavailable, Status: 500} }
	err := r.Rebuild(t.Context(), span, func(Progress) {})
	if err == nil || !strings.Contains(err.Error(), "2026-03-01T08:00:00Z (0 of 5 hours are done)") {
		t.Errorf("got %v", err)
	}
	if got := r.texts(); len(got) != 5 {
		t.Errorf("a rebuild that failed left %d events of 5", len(got))
	}
	if err := r.Rebuild(t.Context(), issues.Span{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour)}, func(Progress) {}); err == nil {
		t.Error("a rebuild of the future is no error")
	}
}

func TestALabelThatIsNewInTheIndexIsNotTakenForNewEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	e := line(noon.Add(-3*time.Hour), "ERROR one")
	e.Metadata = map[string]string{"release": "1"}
	r.loki.add(e)
	r.mustLook()
	with := map[string]string{"release": "1"}
	for name, value := range testLabels {
		with[name] = value
	}
	r.loki.entries[0].Labels, r.loki.entries[0].Metadata = with, nil // another stream has it as a label since
	r.mustCompare()
	differing := r.Status().Differing
	r.mustCompare()
	if got := r.texts(); len(got) != 1 || r.Status().Differing != differing {
		t.Errorf("got %q, differing %d then %d", got, differing, r.Status().Differing)
	}
}

func TestTheLinesAroundEvidenceAreKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, noon)
	info := map[string]string{"job": "docker", "service": "backend", "env": "prod", "level": "info"}
	r.loki.add(loki.Entry{TS: noon.Add(-2 * time.Minute).UnixNano(), Line: "before", Labels: info},
		line(noon.Add(-time.Minute), "ERROR one"), loki.Entry{TS: noon.Add(-30 * time.Second).UnixNano(), Line: "after", Labels: info})
	r.mustLook()
	r.loki.fail = func(int) error { return &loki.Error{Code: loki.CodeUnavailable} }
	if err := r.contexts(t.Context()); err == nil {
		t.Error("no error while Loki is away")
	}
	r.loki.fail = nil
	if err := r.contexts(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := r.Tracker.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	e := d.Evidence[0]
	if !e.Context || len(e.Before) != 1 || e.Before[0].Text != "before" || len(e.After) != 1 || e.After[0].Text != "after" {
		t.Errorf("got %+v", e)
	}
}

func TestRunTriesAgainAndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := newRig(t, start)
		r.Indexer.Now = time.Now
		r.loki.add(line(start.Add(-time.Minute), "ERROR one"))
		r.loki.fail = func(int) error {
			if time.Since(start) < 2*time.Hour {
				return &loki.Error{Code: loki.CodeUnavailable, Status: 500}
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := r.Status(); s.Failure == "" || s.Since.Sub(start) > time.Second || r.loki.called() > 100 {
			t.Errorf("after an hour: status %+v, %d calls", s, r.loki.called())
		}
		time.Sleep(time.Hour + 2*r.RetryMax)
		synctest.Wait()
		if s := r.Status(); s.Failure != "" || s.Events != 1 || s.Lag > time.Minute {
			t.Errorf("after the outage: status %+v", s)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Whatever a line says: its event is bounded by the store, has its level, and the
// same ID each time.
func FuzzEvent(f *testing.F) {
	f.Add("12:30:00 | ERROR | x", "v1:00000000000000ff", "error")
	f.Add(`{"level":"ERROR","message":"x","path":"/a","user_id":1,"user_id":{"a":[]}}`, "v0:1", "")
	f.Add("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: x", "", "CRITICAL")
	m := maker{grouper: grouping.New(grouping.Rules{})}
	f.Fuzz(func(t *testing.T, text, group, labelled string) {
		e := loki.Entry{TS: 7, Line: text, Labels: map[string]string{"service": "a", "level": labelled}, Metadata: map[string]string{"error_group": group}}
		s := newSource(e.Labels, e.Metadata)
		l, is := s.isEvent(text)
		if !is {
			return
		}
		got, again := m.event(&e, s, l), m.event(&e, newSource(e.Labels, e.Metadata), l)
		if !reflect.DeepEqual(got.Event, again.Event) {
			t.Errorf("%+v, then %+v", got.Event, again.Event)
		}
		if got.Key == 0 || got.Level != l.String() || got.Text == "" && got.Message != text {
			t.Errorf("got %+v", got.Event)
		}
	})
}
