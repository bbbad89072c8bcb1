package pipeline

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Source yields the lines of one file name, container or journal.
type Source interface {
	// Read fills b with the next lines and returns when the block is full or
	// there is nothing more to read now. It never waits for data.
	// io.EOF says that the source has ended and was read to its end.
	Read(b *Block, now time.Time) error
	// Wake is when Read is worth calling again after it returned no line.
	Wake() time.Time
	// Unsettled is how many bytes were read and are not settled.
	Unsettled() int64
	// Places is where a new start has to read on, oldest generation first. It
	// is called from another goroutine than Read.
	Places() []Place
	// Close gives up the source's handles.
	Close() error
}

// Stages turns the lines of one source into entries.
type Stages interface {
	// Push takes a line, and adds to out what is ready.
	Push(l *Line, now time.Time, out *Outbox)
	// Flush adds what was held for longer than it may be, or everything if
	// all is set, and returns when it has to be called next, or the zero time.
	Flush(now time.Time, all bool, out *Outbox) time.Time
}

// Target is one source with its stages.
type Target struct {
	Key    string // unique among all targets, and the key of its saved places
	Source Source
	Stages Stages

	flushAt time.Time
	failing string // the source's last error, to report changes alone
}

// LoopOptions are what a Loop needs.
type LoopOptions struct {
	Workers int
	Limits  Limits
	Budget  *Budget
	Clients int              // references that each batch is delivered with
	Deliver func(*Batch)     // must not block
	Now     func() time.Time // the clock of batches and joins
	// Report is told when a source begins to fail, fails differently, or reads
	// again (nil).
	Report func(t *Target, err error)
	// Ended is told when a source was read to its end and left the loop.
	Ended func(t *Target)
}

// Loop moves lines from sources to Deliver. Few workers take fair turns over
// many sources: one block for each source and turn.
type Loop struct {
	opts    LoopOptions
	workers []*worker
}

// NewLoop returns a loop without targets. It runs nothing before Run.
func NewLoop(opts LoopOptions) *Loop {
	l := &Loop{opts: opts}
	for range opts.Workers {
		l.workers = append(l.workers, &worker{
			opts: &l.opts, wake: make(chan struct{}, 1),
			outbox: NewOutbox(opts.Limits, opts.Budget, opts.Clients, opts.Deliver),
		})
	}
	return l
}

// Add gives a target to the worker that has the fewest.
func (l *Loop) Add(t *Target) {
	best := l.workers[0]
	for _, w := range l.workers[1:] {
		if w.count() < best.count() {
			best = w
		}
	}
	best.add(t)
}

// Run reads until ctx is done. It hands on every open batch before it returns;
// what joins still hold stays unsettled and is read again at the next start.
func (l *Loop) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, w := range l.workers {
		wg.Go(func() { w.run(ctx) })
	}
	wg.Wait()
	return nil
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
	outbox *Outbox
	block  Block
	wake   chan struct{}

	mu      sync.Mutex
	targets []*Target
	first   int // the source that has the first turn, so that none is always last
}

func (w *worker) add(t *Target) {
	w.mu.Lock()
	w.targets = append(w.targets, t)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *worker) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.targets)
}

func (w *worker) snapshot() []*Target {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*Target(nil), w.targets...)
}

func (w *worker) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		wait, full := w.turn(ctx, w.opts.Now())
		if wait <= 0 {
			continue
		}
		timer.Reset(wait)
		w.sleep(ctx, timer.C, full)
	}
	w.outbox.Flush()
}

// sleep waits until the next turn is due. While memory is full, memory that is
// given back ends it.
func (w *worker) sleep(ctx context.Context, due <-chan time.Time, full bool) {
	var freed <-chan struct{}
	if full {
		freed = w.opts.Budget.Freed()
	}
	select {
	case <-ctx.Done():
	case <-due:
	case <-w.wake:
	case <-freed:
	}
}

// idle is the longest sleep of a worker. Sources and joins that are due wake
// it earlier.
const idle = time.Second

// turn gives every source one block and returns how long to wait for the next
// turn, and whether memory is full.
func (w *worker) turn(ctx context.Context, now time.Time) (wait time.Duration, full bool) {
	targets := w.snapshot()
	next := now.Add(idle)
	w.first++
	for i := range targets {
		t := targets[(w.first+i)%len(targets)]
		if ctx.Err() != nil {
			return 0, false
		}
		if due := t.Source.Wake(); due.After(now) {
			next = earliest(next, due)
		} else if !w.opts.Budget.Admits(t.Source.Unsettled()) {
			full = true
		} else {
			next = earliest(next, w.read(t, now))
		}
		next = earliest(next, t.flushAt)
		if !t.flushAt.IsZero() && !t.flushAt.After(now) {
			t.flushAt = t.Stages.Flush(now, false, w.outbox)
			next = earliest(next, t.flushAt)
		}
	}
	next = earliest(next, w.outbox.Due(now))
	return next.Sub(now), full
}

// read gives one source a block and returns when its next turn is due.
func (w *worker) read(t *Target, now time.Time) time.Time {
	w.block.Reset()
	err := t.Source.Read(&w.block, now)
	for i := range w.block.Lines {
		t.Stages.Push(&w.block.Lines[i], now, w.outbox)
	}
	if len(w.block.Lines) > 0 || t.flushAt.IsZero() {
		t.flushAt = t.Stages.Flush(now, false, w.outbox)
	}
	if errors.Is(err, io.EOF) {
		t.Stages.Flush(now, true, w.outbox)
		w.drop(t)
		w.opts.Ended(t)
		return time.Time{}
	}
	w.report(t, err)
	if len(w.block.Lines) > 0 {
		return now
	}
	return t.Source.Wake()
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

func (w *worker) drop(t *Target) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.targets {
		if w.targets[i] == t {
			w.targets = append(w.targets[:i:i], w.targets[i+1:]...)
			return
		}
	}
}

func earliest(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}
