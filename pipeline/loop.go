package pipeline

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Source yields the lines of one file name, container or journal.
type Source interface {
	// Read fills b with the next lines and returns when the block is full or
	// there is nothing more to read now. It never waits for data. Lines count
	// even if there is an error.
	// io.EOF says that the source has ended and was read to its end.
	Read(b *Block, now time.Time) error
	// Wake is when Read is worth calling again after it returned no line. The
	// zero time leaves it to the loop.
	Wake() time.Time
	// Unsettled is how many bytes were read and are not settled.
	Unsettled() int64
	// Places is where a new start has to read on, oldest generation first. It
	// is called from another goroutine than Read.
	Places() []Place
	// Close gives up the source's handles.
	Close() error
}

// Follower is a Source that loses track of what comes after it, a rotated file
// for example, unless it looks even while memory is full and nothing is read.
type Follower interface {
	// Follow looks, and returns when it wants to look again.
	Follow(now time.Time) time.Time
}

// Pressing is a Source whose next lines may not be there when memory is free
// again.
type Pressing interface {
	// Risk says what would become of the lines that Read returns next, if they
	// were not read now.
	Risk() Risk
}

// Stages turns the lines of one source into entries.
type Stages interface {
	// Push takes a line, and adds to out what is ready.
	Push(l *Line, now time.Time, out *Outbox)
	// Flush adds what was held for longer than it may be, or everything if
	// all is set, and returns when it has to be called next, or the zero time.
	Flush(now time.Time, all bool, out *Outbox) time.Time
	// Stop adds what was held of lines that would be gone after a stop.
	Stop(now time.Time, out *Outbox)
}

// Pacing is Stages that may keep their source from being read for a time.
type Pacing interface {
	// PausedUntil is until when nothing is to be read, the zero time or a past one
	// if it may be now.
	PausedUntil() time.Time
}

// Target is one source with its stages.
type Target struct {
	Key    string // unique among all targets, and the key of its saved places
	Source Source
	Stages Stages

	flushAt time.Time
	failing string // the source's last error, to report changes alone
	change  atomic.Pointer[change]
}

// LoopOptions are what a Loop needs.
type LoopOptions struct {
	Workers int
	Limits  Limits
	Budget  *Budget
	Clients int          // references that each batch is delivered with
	Deliver func(*Batch) // must not block
	// Takes reports whether what bears a risk may be read although memory is
	// full, because it would be written to disk (nil: it may not).
	Takes func(Risk) bool
	Now   func() time.Time // the clock of batches and joins
	// Report is told when a source begins to fail, fails differently, or reads
	// again (nil).
	Report func(t *Target, err error)
	// Stopped is called when no source has another turn, before the last lines
	// are taken from those that cannot be read again (nil).
	Stopped func()
	// Ended is told when a source was read to its end and left the loop.
	Ended func(t *Target)
}

// Loop moves lines from sources to Deliver. Few workers take fair turns over
// many sources: one block for each source and turn.
type Loop struct {
	opts    LoopOptions
	workers []*worker
	limits  atomic.Pointer[Limits]
}

// NewLoop returns a loop without targets. It runs nothing before Run.
func NewLoop(opts LoopOptions) *Loop {
	l := &Loop{opts: opts}
	l.SetLimits(opts.Limits)
	for range opts.Workers {
		l.workers = append(l.workers, &worker{
			opts: &l.opts, limits: &l.limits, wake: make(chan struct{}, 1), all: l.Targets,
			outbox: NewOutbox(opts.Limits, opts.Budget, opts.Clients, opts.Deliver),
		})
	}
	return l
}

// Add gives a target to the worker that has the fewest.
func (l *Loop) Add(t *Target) {
	best := l.workers[0]
	for _, w := range l.workers[1:] {
		if len(w.snapshot()) < len(best.snapshot()) {
			best = w
		}
	}
	best.add(t)
}

// Run reads until ctx is done. It hands on every open batch before it returns;
// what joins still hold stays unsettled and is read again at the next start.
func (l *Loop) Run(ctx context.Context) error {
	l.each(func(w *worker) { w.run(ctx) })
	if l.opts.Stopped != nil {
		l.opts.Stopped()
	}
	l.each((*worker).finish)
	return nil
}

// each does something with all workers at a time.
func (l *Loop) each(do func(*worker)) {
	var wg sync.WaitGroup
	for _, w := range l.workers {
		wg.Go(func() { do(w) })
	}
	wg.Wait()
}

// Targets returns the targets that are being read.
func (l *Loop) Targets() []*Target {
	var all []*Target
	for _, w := range l.workers {
		all = append(all, w.snapshot()...)
	}
	return all
}

// Close closes all sources. Call it after Run returned.
func (l *Loop) Close() error {
	var errs []error
	for _, t := range l.Targets() {
		errs = append(errs, t.Source.Close())
	}
	return errors.Join(errs...)
}

type worker struct {
	opts   *LoopOptions
	limits *atomic.Pointer[Limits]
	outbox *Outbox
	block  Block
	wake   chan struct{}
	first  int // the source that has the first turn, so that none is always last
	all    func() []*Target
	total  int64 // what all sources hold, -1 if it was not asked in this turn

	mu      sync.Mutex
	targets []*Target // replaced, never changed
}

func (w *worker) add(t *Target) {
	w.mu.Lock()
	w.targets = append(w.targets[:len(w.targets):len(w.targets)], t)
	w.mu.Unlock()
	w.wakeUp()
}

func (w *worker) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *worker) drop(t *Target) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.targets = slices.DeleteFunc(slices.Clone(w.targets), func(other *Target) bool { return other == t })
}

func (w *worker) snapshot() []*Target {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.targets
}

// idle is the longest sleep of a worker. Sources and joins that are due wake
// it earlier.
const idle = time.Second

func (w *worker) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		freed := w.opts.Budget.Freed() // before the turn finds memory full
		wait, full := w.turn(ctx)
		if wait <= 0 {
			continue
		}
		if !full {
			freed = nil
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.wake:
		case <-freed:
		}
	}
}

// turn gives every source one block and returns how long to wait for the next
// turn, and whether memory was full for one of them.
func (w *worker) turn(ctx context.Context) (wait time.Duration, full bool) {
	targets := w.snapshot()
	w.outbox.limits = *w.limits.Load()
	w.total = -1
	w.first++
	var next time.Time
	for i := range targets {
		if ctx.Err() != nil {
			return 0, false
		}
		due, held := w.serve(targets[(w.first+i)%len(targets)])
		next = earliest(next, due)
		full = full || held
	}
	if full && w.opts.Budget.isInOpenBatches() {
		w.outbox.Flush() // nothing is gained by waiting until they are due
	}
	now := w.opts.Now()
	next = earliest(next, w.outbox.Due(now))
	if next.IsZero() {
		return idle, full
	}
	return min(idle, next.Sub(now)), full
}

// unsettled is what all sources hold, in bytes, as of this turn.
func (w *worker) unsettled() int64 {
	if w.total >= 0 {
		return w.total
	}
	w.total = 0
	for _, t := range w.all() {
		w.total += t.Source.Unsettled()
	}
	return w.total
}

// lastReads is how long a stop goes on reading what would be gone after it.
const lastReads = time.Second

// finish takes what would be gone after a stop: what pipes have read ahead, the
// rest of unlinked files as far as it is written to disk in time, and what joins
// hold of these.
func (w *worker) finish() {
	end := w.opts.Now().Add(lastReads)
	for _, t := range w.snapshot() {
		if riskOf(t.Source) > Repeatable {
			w.read(t, w.opts.Now())
		}
		for riskOf(t.Source) == Unlinked && w.opts.Now().Before(end) && w.waitFor(t.Source, end) {
			w.read(t, w.opts.Now())
		}
		t.Stages.Stop(w.opts.Now(), w.outbox)
	}
	w.outbox.Flush()
}

// waitFor waits until there is memory for a source, or reports that there is
// none until end.
func (w *worker) waitFor(s Source, end time.Time) bool {
	timer := time.NewTimer(end.Sub(w.opts.Now()))
	defer timer.Stop()
	for {
		freed := w.opts.Budget.Freed()
		if w.admits(s) {
			return true
		}
		w.outbox.Flush()
		select {
		case <-freed:
		case <-timer.C:
			return false
		}
	}
}

// serve gives one source its turn and returns when the next one is due, if
// that is known, and whether memory is full for it.
func (w *worker) serve(t *Target) (due time.Time, full bool) {
	now := w.opts.Now()
	if w.changes(t, now) {
		return time.Time{}, false
	}
	due = t.Source.Wake()
	paused := pausedUntil(t)
	switch {
	case due.After(now):
	// Joins wait too: what they hold may go on in lines that are not read yet.
	case paused.After(now):
		return earliest(follow(t.Source, now), paused), false
	case !w.admits(t.Source):
		return follow(t.Source, now), true
	default:
		due = w.read(t, now)
	}
	if !t.flushAt.IsZero() && !t.flushAt.After(now) {
		t.flushAt = t.Stages.Flush(now, false, w.outbox)
	}
	return earliest(due, t.flushAt), false
}

// pausedUntil is until when a target is not to be read. A file that was removed
// is read all the same: a crash would lose what was not.
func pausedUntil(t *Target) time.Time {
	if p, ok := t.Stages.(Pacing); ok && riskOf(t.Source) != Unlinked {
		return p.PausedUntil()
	}
	return time.Time{}
}

// follow lets a source that is not read look at what comes after it.
func follow(s Source, now time.Time) time.Time {
	if f, ok := s.(Follower); ok {
		return f.Follow(now)
	}
	return time.Time{}
}

// admits reports whether there is memory for a block of a source.
func (w *worker) admits(s Source) bool {
	if w.opts.Budget.Admits(s.Unsettled(), w.unsettled) {
		return true
	}
	risk := riskOf(s)
	return risk > Repeatable && w.opts.Takes != nil && w.opts.Takes(risk) && w.opts.Budget.AdmitsPressing()
}

func riskOf(s Source) Risk {
	if p, ok := s.(Pressing); ok {
		return p.Risk()
	}
	return Repeatable
}

// read gives one source a block and returns when its next turn is due.
func (w *worker) read(t *Target, now time.Time) time.Time {
	w.block.Reset()
	err := t.Source.Read(&w.block, now)
	for i := range w.block.Lines {
		t.Stages.Push(&w.block.Lines[i], now, w.outbox)
	}
	if errors.Is(err, io.EOF) {
		w.end(t, now)
		return time.Time{}
	}
	w.report(t, err)
	if len(w.block.Lines) == 0 {
		return t.Source.Wake()
	}
	t.flushAt = t.Stages.Flush(now, false, w.outbox)
	w.outbox.Due(now) // a turn over many sources may take longer than a batch may wait
	return now
}

func (w *worker) report(t *Target, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == t.failing {
		return
	}
	t.failing = text
	w.opts.Report(t, err)
}

// earliest returns the earlier of two times, of which the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
