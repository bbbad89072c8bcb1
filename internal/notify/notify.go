// Package notify tells people what happened: new, regressed and spiking issues,
// and searches that match too often or fall silent.
//
//	issues ─changes─▶ follow ─┐                    ┌─▶ Discord, Slack
//	                          ├─ events ─ messages ┼─▶ mail
//	Loki ◀─one query─ watch ──┘  (SQLite outbox)   └─▶ webhook
//
// What happened is stored as an event for each channel in the transaction that
// moves the cursor of its source. A channel has at most one open message; what
// happens meanwhile waits and is the next one. Digests, the limit of messages an
// hour and quiet hours are only reasons to wait longer, so that nothing is lost
// by them. A message is sent until it is taken, given up after giveUpAfter, or
// refused for good; its key is the same at each attempt.
//
// Limits: a receiver that took a message while the process died gets it again,
// with the same key.
package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Mark is in each line that this package logs and in each query of its rules.
// Rules leave out lines that hold it: neither a fault of notifying nor Loki's own
// log of a query can make a rule match.
const Mark = "tovplay-notify"

// ErrUnknown means that there is no channel or rule of that number.
var ErrUnknown = errors.New("there is no such channel or rule")

// InputError is what is wrong with a channel or a rule, in words for the person
// who entered it.
type InputError struct{ message string }

// Error returns the message.
func (e *InputError) Error() string { return e.message }

// invalid makes an InputError.
func invalid(format string, args ...any) error { return &InputError{fmt.Sprintf(format, args...)} }

// Kind says what an event is.
type Kind string

// The kinds of events.
const (
	NewIssue       Kind = "new"
	RegressedIssue Kind = "regressed"
	SpikingIssue   Kind = "spiking"
	Matches        Kind = "matches" // a rule's search matched often enough
	Silent         Kind = "silent"  // a rule's search matched nothing
	HeardAgain     Kind = "heard"   // it does again
	Test           Kind = "test"
)

// Event is something that people are told.
type Event struct {
	Kind Kind `json:"kind"`
	// Title is one line; Text says more, in a sentence or two, and may be empty.
	Title string `json:"title"`
	Text  string `json:"text"`
	// Service, Env and Level may be empty.
	Service string    `json:"service"`
	Env     string    `json:"env"`
	Level   string    `json:"level"`
	At      time.Time `json:"at"`
	// Issue is the number of an issue, 0 for none; Rule the name of the rule that
	// made the event.
	Issue int64  `json:"issue"`
	Rule  string `json:"rule"`
	// Path is what the event is about on the page, below its root.
	Path string `json:"path"`
}

// Change is a change of an issue, as an event.
type Change struct {
	// Seq is its number, ascending.
	Seq int64
	// Event is nil for a change of which nobody is told.
	Event *Event
}

// Issues is where changes of issues come from.
type Issues struct {
	// Seq returns the number of the newest change.
	Seq func() int64
	// Wait returns when there is a change behind seq, or when ctx ends.
	Wait func(ctx context.Context, seq int64) error
	// After returns changes behind seq, the oldest first, at most limit.
	After func(ctx context.Context, seq int64, limit int) ([]Change, error)
	// Fits reports whether a saved search lists the issue of an event. When that
	// cannot be said yet, it is an error: the change is looked at again.
	Fits func(ctx context.Context, search int64, e *Event) (bool, error)
}

// Config is what a Notifier needs.
type Config struct {
	// DB is the state database, Dir its folder.
	DB  *sql.DB
	Dir string
	// Issues is nil when there are none.
	Issues *Issues
	// Normalise returns a log query in Loki's own notation, or why it is none.
	Normalise func(ctx context.Context, query string) (string, error)
	// Explain says in words for people what an error of Normalise or Count means,
	// and whether it is the query's fault.
	Explain func(error) (words string, badQuery bool)
	// Count counts the lines of a log query in [from, to).
	Count func(ctx context.Context, query string, from, to time.Time) (int64, error)
	// ExternalURL is where people reach the page; without it messages have no links.
	ExternalURL string
	Log         *slog.Logger
	Now         func() time.Time
}

// Notifier keeps channels and rules and sends messages. It is safe for
// concurrent use.
type Notifier struct {
	Config
	post *poster
	// wake is told that there may be something to send.
	wake chan struct{}

	mu     sync.Mutex
	busy   map[int64]bool  // channels that are being sent to
	looks  map[int64]look  // of rules on logs
	faults map[string]bool // what is known to be broken, and was said
	counts Counts
}

// Counts are numbers since the start.
type Counts struct {
	// Sent and Failed are messages, Attempts attempts that did not succeed.
	Sent, Failed, Attempts int64
}

// New returns a notifier. It sends nothing before Run.
func New(config Config) *Notifier {
	config.Log = config.Log.With("part", Mark)
	config.ExternalURL = strings.TrimRight(config.ExternalURL, "/")
	return &Notifier{
		Config: config, post: newPoster(config.ExternalURL, config.Now), wake: make(chan struct{}, 1),
		busy: map[int64]bool{}, looks: map[int64]look{}, faults: map[string]bool{},
	}
}

// Counts returns the numbers since the start.
func (n *Notifier) Counts() Counts {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.counts
}

// lockEvery is how often a second process tries to take over.
const lockEvery = 30 * time.Second

// Run tells people what happens until ctx ends. Of several processes of one data
// folder one does; the others wait.
func (n *Notifier) Run(ctx context.Context) error {
	lock, err := n.waitForLock(ctx)
	if err != nil {
		return nil // ctx has ended
	}
	defer lock.Close()
	var group errgroup.Group
	group.Go(func() error { return n.deliver(ctx) })
	group.Go(func() error { return n.watch(ctx) })
	if n.Issues != nil {
		group.Go(func() error { return n.follow(ctx) })
	}
	return group.Wait()
}

// fault logs a condition when it begins (err is not nil) and when it ends. It
// never logs an error: errors may become issues, and issues notifications.
func (n *Notifier) fault(what string, err error) {
	n.mu.Lock()
	was := n.faults[what]
	n.faults[what] = err != nil
	n.mu.Unlock()
	switch {
	case err != nil && !was:
		n.Log.Warn(what+" does not work; it is tried again", "cause", err.Error())
	case err == nil && was:
		n.Log.Info(what + " works again")
	}
}

// wakeUp lets deliver look at once.
func (n *Notifier) wakeUp() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// ignoreEnd returns no error when it is because the program stops.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// pause waits for d, for a wake-up if wake is not nil, or for the end of ctx.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wake:
	case <-timer.C:
	}
	return nil
}
