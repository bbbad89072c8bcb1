package notify

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/secret"
	"github.com/tovtech/tovplay-logging/internal/state"
)

// rig is a notifier with a real database and a clock that the test moves.
type rig struct {
	*Notifier
	t   testing.TB
	log *textBuffer

	mu      sync.Mutex
	clock   time.Time
	changes []Change
	// lines is what Loki counts, and lokiErr why it does not.
	lines   int64
	lokiErr error
	queries []string
	// listed are the issues that each saved search lists, listErr why none can be told.
	listed  map[int64][]int64
	listErr error
}

// textBuffer collects a log.
type textBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *textBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *textBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return openRig(t, t.TempDir())
}

// openRig is a process of a data folder.
func openRig(t testing.TB, dir string) *rig {
	t.Helper()
	db, err := state.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r := &rig{t: t, log: &textBuffer{}, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	r.Notifier = New(Config{
		DB: db, Dir: dir, ExternalURL: "https://host.example.org/logs/", Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: r.now,
		Issues:    &Issues{Seq: r.seq, Wait: r.wait, After: r.after, Fits: r.fits},
		Normalise: func(_ context.Context, query string) (string, error) { return query, r.away() },
		Explain:   func(err error) (string, bool) { return err.Error(), strings.Contains(err.Error(), "syntax") },
		Count: func(_ context.Context, query string, _, _ time.Time) (int64, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.queries = append(r.queries, query)
			return r.lines, r.lokiErr
		},
	})
	return r
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock
}

// pass lets time pass.
func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = r.clock.Add(d)
}

func (r *rig) away() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lokiErr
}

// loki sets what Loki answers.
func (r *rig) loki(lines int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines, r.lokiErr = lines, err
}

func (r *rig) seq() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int64(len(r.changes))
}

func (r *rig) wait(ctx context.Context, seq int64) error {
	if r.seq() > seq {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (r *rig) after(_ context.Context, seq int64, limit int) ([]Change, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.changes[seq:min(int(seq)+limit, len(r.changes))]), nil
}

func (r *rig) fits(_ context.Context, search int64, e *Event) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.listed[search], e.Issue), r.listErr
}

// happen makes a change of an issue and takes it, as follow does.
func (r *rig) happen(kind Kind, issue int64, title string) {
	r.t.Helper()
	if _, err := r.cursor(r.t.Context()); err != nil { // the first look is at nothing
		r.t.Fatal(err)
	}
	r.change(kind, issue, title)
	if err := r.followOnce(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// change makes a change of an issue.
func (r *rig) change(kind Kind, issue int64, title string) {
	e := &Event{Kind: kind, Title: title, Service: "backend", Env: "production", Level: "error", At: r.now(), Issue: issue, Path: "issues/1"}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, Change{Seq: int64(len(r.changes)) + 1, Event: e})
}

// step sends what is due and waits for it.
func (r *rig) step() {
	r.t.Helper()
	var sending sync.WaitGroup
	if err := r.sendDue(r.t.Context(), &sending); err != nil {
		r.t.Fatal(err)
	}
	sending.Wait()
}

// webhookTo is a channel that tells at once.
func webhookTo(url string) Channel {
	return Channel{Name: "hook", Kind: Webhook, Enabled: true, URL: secret.New(url), Settings: Settings{PerHour: 100}}
}

// add stores a channel, and a rule that tells it of all issues.
func (r *rig) add(c Channel) Channel {
	r.t.Helper()
	stored, err := r.AddChannel(r.t.Context(), "alice", c)
	if err != nil {
		r.t.Fatal(err)
	}
	rule := Rule{Name: "all to " + c.Name, Enabled: true, Channels: []int64{stored.ID}, Terms: Terms{On: OnIssues}}
	if _, err := r.AddRule(r.t.Context(), "alice", rule); err != nil {
		r.t.Fatal(err)
	}
	return stored
}

// last returns the newest message.
func (r *rig) last() Message {
	r.t.Helper()
	list, err := r.Sent(r.t.Context(), 0, 1)
	if err != nil || len(list) == 0 {
		r.t.Fatalf("no message: %v", err)
	}
	return list[0]
}

// receiver is a webhook's other end. It answers with answer, if that is set.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []webhookBody
	raw    []string
	header []http.Header
	answer http.HandlerFunc
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	x := &receiver{}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		var body webhookBody
		if err == nil {
			err = json.Unmarshal(data, &body)
		}
		if err != nil {
			t.Errorf("%v: %s", err, data)
		}
		x.mu.Lock()
		x.got, x.raw, x.header = append(x.got, body), append(x.raw, string(data)), append(x.header, r.Header)
		answer := x.answer
		x.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(x.Close)
	return x
}

// answers sets what is answered from now on.
func (x *receiver) answers(answer http.HandlerFunc) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.answer = answer
}

// titles returns the titles of the events of each message.
func (x *receiver) titles() [][]string {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := [][]string{}
	for _, body := range x.got {
		titles := []string{}
		for _, e := range body.Events {
			titles = append(titles, e.Title)
		}
		list = append(list, titles)
	}
	return list
}

// want checks the titles of all messages, those of one message joined by "+".
func (x *receiver) want(t testing.TB, want ...string) {
	t.Helper()
	got := []string{}
	for _, titles := range x.titles() {
		got = append(got, strings.Join(titles, "+"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got messages %q, want %q", got, want)
	}
}
