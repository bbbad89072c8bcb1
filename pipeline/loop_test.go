package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// testSource is a source of function fields; those that are nil do nothing.
type testSource struct {
	read   func(b *Block, now time.Time) error
	wake   func() time.Time
	follow func(now time.Time) time.Time
	ledger *Ledger
	reads  int
	closed bool
}

func (s *testSource) Read(b *Block, now time.Time) error {
	s.reads++
	if s.read == nil {
		return nil
	}
	return s.read(b, now)
}

func (s *testSource) Wake() time.Time {
	if s.wake == nil {
		return time.Time{}
	}
	return s.wake()
}

func (s *testSource) Follow(now time.Time) time.Time {
	if s.follow == nil {
		return time.Time{}
	}
	return s.follow(now)
}

func (s *testSource) Unsettled() int64 { return s.ledger.Unsettled() }
func (s *testSource) Places() []Place  { return nil }
func (s *testSource) Close() error     { s.closed = true; return nil }

// line adds one line to b, as a source that has read it.
func (s *testSource) line(b *Block, text []byte) {
	start := s.ledger.End()
	s.ledger.Read(start + int64(len(text)))
	b.Lines = append(b.Lines, Line{Text: text, Ledger: s.ledger, Range: Range{start, s.ledger.End()}})
}

func newSource() *testSource { return &testSource{ledger: NewLedger(0)} }

// endless has a line of 1,000 bytes at every read.
func endless() *testSource {
	s := newSource()
	text := make([]byte, 1000)
	s.read = func(b *Block, _ time.Time) error { s.line(b, text); return nil }
	return s
}

// testStages sends every line to one stream. With hold it joins lines until
// none came for so long.
type testStages struct {
	stream *Stream
	hold   time.Duration
	held   []Line
	last   time.Time
	all    int // calls of Flush with all

	stopped bool
}

func (s *testStages) Push(l *Line, now time.Time, out *Outbox) {
	s.held, s.last = append(s.held, *l), now
	if s.hold == 0 {
		s.release(now, out)
	}
}

func (s *testStages) Flush(now time.Time, all bool, out *Outbox) time.Time {
	if all {
		s.all++
	}
	if len(s.held) == 0 {
		return time.Time{}
	}
	if due := s.last.Add(s.hold); !all && due.After(now) {
		return due
	}
	s.release(now, out)
	return time.Time{}
}

func (s *testStages) Stop(now time.Time, out *Outbox) {
	s.stopped = true
	if len(s.held) > 0 && s.held[0].Ledger.Risk() > Repeatable {
		s.release(now, out)
	}
}

func (s *testStages) release(now time.Time, out *Outbox) {
	for _, l := range s.held {
		out.Add(s.stream, &Entry{Line: l.Text, Pieces: []Piece{{l.Ledger, l.Range, Mark{}}}}, now)
	}
	s.held = nil
}

// harness is a loop in a bubble of fake time.
type harness struct {
	*Loop
	budget  *Budget
	mu      sync.Mutex
	batches []*Batch
	keep    bool // batches are not settled
	reports []string
	ended   []string
	stop    context.CancelFunc
	over    chan struct{}
}

func newHarness(workers int, memory int64) *harness {
	h := &harness{budget: NewBudget(memory), over: make(chan struct{})}
	h.Loop = NewLoop(LoopOptions{
		Workers: workers, Limits: Limits{BatchBytes: 250_000, BatchWait: time.Second, LineBytes: 10_000},
		Budget: h.budget, Clients: 1, Deliver: h.deliver, Now: time.Now,
		Report: func(t *Target, err error) { h.reports = append(h.reports, fmt.Sprint(t.Key, ": ", err)) },
		Ended:  func(t *Target) { h.ended = append(h.ended, t.Key) },
	})
	return h
}

func (h *harness) deliver(b *Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.keep {
		h.batches = append(h.batches, b)
		return
	}
	b.Done()
}

func (h *harness) settle() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.batches {
		b.Done()
	}
	h.batches = nil
}

func (h *harness) start() {
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	go func() { h.Run(ctx); close(h.over) }()
}

// finish stops the loop and waits for it.
func (h *harness) finish() { h.stop(); <-h.over }

func (h *harness) add(key string, s Source) *testStages {
	st := &testStages{stream: stream(key)}
	h.Add(&Target{Key: key, Source: s, Stages: st})
	return st
}

func TestSourcesTakeFairTurns(t *testing.T) {
	h := newHarness(1, 64<<20)
	var turns []int
	sources := make([]*testSource, 5)
	for i := range sources {
		s := endless()
		read := s.read
		s.read = func(b *Block, now time.Time) error {
			if turns = append(turns, i); len(turns) == 1000 {
				h.stop()
			}
			return read(b, now)
		}
		sources[i] = s
		h.add(fmt.Sprint(i), s)
	}
	h.start()
	<-h.over
	for i, s := range sources {
		if s.reads != 200 {
			t.Errorf("source %d had %d of 1000 turns, want 200", i, s.reads)
		}
	}
	first := map[int]bool{}
	for i := 0; i < len(turns); i += len(sources) {
		first[turns[i]] = true
	}
	if len(first) != len(sources) {
		t.Errorf("the first turn of a round went to sources %v alone", first)
	}
}

// pacedStages ask for a pause of a minute after each line.
type pacedStages struct {
	testStages
	paused time.Time
}

func (s *pacedStages) Push(l *Line, now time.Time, out *Outbox) {
	s.testStages.Push(l, now, out)
	s.paused = now.Add(time.Minute)
}

func (s *pacedStages) PausedUntil() time.Time { return s.paused }

// What a join holds is not cut while its source is kept from being read.
func TestStagesThatPauseHoldBackTheirOwnSourceAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		paced, polled := endless(), newSource()
		follows, next := 0, time.Now()
		paced.follow = func(now time.Time) time.Time { follows++; return now.Add(10 * time.Second) }
		polled.read = func(_ *Block, now time.Time) error { next = now.Add(250 * time.Millisecond); return nil }
		polled.wake = func() time.Time { return next }
		stages := &pacedStages{testStages: testStages{stream: stream("paced"), hold: 3 * time.Second}}
		h.Add(&Target{Key: "paced", Source: paced, Stages: stages})
		h.add("polled", polled)
		h.start()
		time.Sleep(10*time.Minute + time.Millisecond)
		h.finish()
		if paced.reads != 11 || polled.reads < 2390 {
			t.Errorf("in 10 minutes the source that is paused for a minute was read %d times, the other one %d times", paced.reads, polled.reads)
		}
		if follows < 60 {
			t.Errorf("the source looked %d times for what comes after it", follows)
		}
		if len(stages.held) != paced.reads {
			t.Errorf("the join holds %d of %d lines", len(stages.held), paced.reads)
		}
	})
}

// unlinkedSource is a file that was removed, of a hundred reads.
type unlinkedSource struct{ *testSource }

func (s unlinkedSource) Risk() Risk {
	if s.reads < 100 {
		return Unlinked
	}
	return Repeatable
}

func TestAPauseDoesNotHoldUpARemovedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		s := newSource()
		s.read = func(b *Block, _ time.Time) error {
			if s.reads > 100 {
				return io.EOF
			}
			s.line(b, []byte("x"))
			return nil
		}
		h.Add(&Target{Key: "removed", Source: unlinkedSource{s}, Stages: &pacedStages{testStages: testStages{stream: stream("removed")}}})
		h.start()
		time.Sleep(time.Second)
		synctest.Wait()
		if s.reads < 100 {
			t.Errorf("a removed file was read %d times in a second, want 100", s.reads)
		}
		h.finish()
	})
}

func TestLoopSleepsWhileNothingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(2, 64<<20)
		polled, silent := newSource(), newSource()
		next := time.Now()
		polled.read = func(_ *Block, now time.Time) error { next = now.Add(250 * time.Millisecond); return nil }
		polled.wake = func() time.Time { return next }
		h.add("polled", polled)
		h.add("silent", silent)
		h.start()
		time.Sleep(10*time.Second + time.Millisecond)
		h.finish()
		if polled.reads < 39 || polled.reads > 42 {
			t.Errorf("a source that asks for 250 ms was read %d times in 10 s", polled.reads)
		}
		if silent.reads < 10 || silent.reads > 12 {
			t.Errorf("a source that asks for nothing was read %d times in 10 s", silent.reads)
		}
	})
}

func TestAddWakesTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		h.start()
		synctest.Wait()
		start := time.Now()
		var read time.Time
		s := newSource()
		s.read = func(_ *Block, now time.Time) error { read = now; return nil }
		s.wake = func() time.Time { return read.Add(time.Hour) }
		h.add("new", s)
		synctest.Wait()
		h.finish()
		if !read.Equal(start) {
			t.Errorf("the new source was read after %v, want at once", read.Sub(start))
		}
	})
}

func TestReadingWaitsForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(2, 4<<20)
		h.keep = true
		var followed []time.Time
		sources := []*testSource{endless(), endless()}
		sources[0].follow = func(now time.Time) time.Time {
			followed = append(followed, now)
			return now.Add(100 * time.Millisecond)
		}
		var turns [2]int
		for i, s := range sources {
			s.wake = func() time.Time { turns[i]++; return time.Time{} }
			h.add(fmt.Sprint(i), s)
		}
		h.start()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		used, peak := h.budget.Used()
		reads := sources[0].reads + sources[1].reads
		if used < h.budget.Limit()/2 || peak > h.budget.Limit()+4<<20 {
			t.Errorf("%d bytes are in use, %d at most; the limit is %d", used, peak, h.budget.Limit())
		}
		if n := len(followed); n < 90 || n > 110 {
			t.Errorf("the source could look at its name %d times in 10 s, want every 100 ms", n)
		}

		// One worker may take all the memory that is free before the other looks.
		before, waited := time.Now(), turns
		h.settle()
		synctest.Wait()
		if turns[0] == waited[0] || turns[1] == waited[1] || time.Since(before) != 0 {
			t.Errorf("not every worker looks for memory at once: turns %v after %v", turns, waited)
		}
		if sources[0].reads+sources[1].reads == reads {
			t.Error("nothing is read although memory is free")
		}
		h.finish()
		h.settle()
		if used, _ := h.budget.Used(); used != 0 {
			t.Errorf("%d bytes are in use at the end", used)
		}
	})
}

func TestGreedySourceLeavesMemoryToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 16<<20)
		h.keep = true
		greedy, late := endless(), endless()
		h.add("greedy", greedy)
		h.start()
		time.Sleep(3 * time.Second)
		held := greedy.ledger.Unsettled()
		h.add("late", late)
		synctest.Wait()
		if used, _ := h.budget.Used(); used < h.budget.Limit()/2 || held > h.budget.Limit() {
			t.Errorf("alone, the greedy source holds %d bytes with %d in use", held, used)
		}
		if got := late.ledger.Unsettled(); got < h.budget.Limit()/32 {
			t.Errorf("the late source got %d bytes, want an eighth of the memory, which lines take several times", got)
		}
		if got := greedy.ledger.Unsettled(); got != held {
			t.Errorf("the greedy source read on, %d to %d", held, got)
		}
		h.finish()
	})
}

func TestErrorsAreReportedWhenTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		results := []error{nil, io.ErrClosedPipe, io.ErrClosedPipe, errors.New("other"), nil, nil, io.ErrClosedPipe}
		s := newSource()
		s.read = func(b *Block, _ time.Time) error {
			err := results[0]
			if len(results) > 1 {
				results = results[1:]
			}
			s.line(b, []byte("lines count even if there is an error"))
			return err
		}
		h.add("x", s)
		h.keep = true
		h.start()
		time.Sleep(500 * time.Millisecond)
		h.finish()
		want := []string{"x: " + io.ErrClosedPipe.Error(), "x: other", "x: <nil>", "x: " + io.ErrClosedPipe.Error()}
		if !slices.Equal(h.reports, want) {
			t.Errorf("reports are %q, want %q", h.reports, want)
		}
		if len(h.batches) == 0 || h.batches[0].Len() < 7 {
			t.Error("lines that came with an error are missing")
		}
	})
}

func TestSourceThatHasEndedLeavesTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		h.keep = true
		other, s := newSource(), newSource()
		s.read = func(b *Block, _ time.Time) error {
			if s.reads == 1 {
				s.line(b, []byte("last"))
				return nil
			}
			return io.EOF
		}
		st := h.add("ends", s)
		st.hold = time.Hour
		h.add("stays", other)
		h.start()
		time.Sleep(5 * time.Second)
		h.finish()
		if s.reads != 2 || st.all != 1 || !slices.Equal(h.ended, []string{"ends"}) {
			t.Errorf("%d reads, %d flushes of all, ended: %v", s.reads, st.all, h.ended)
		}
		if targets := h.Targets(); len(targets) != 1 || targets[0].Key != "stays" {
			t.Errorf("%d targets are left", len(targets))
		}
		if len(h.batches) != 1 || string(h.batches[0].Line(0)) != "last" {
			t.Error("what the join held was not handed on")
		}
		if h.Close(); !other.closed || s.closed {
			t.Error("Close closes the sources that are left, and no others")
		}
	})
}

func TestStopHandsOnOpenBatchesAndLeavesJoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		h.keep = true
		once := func(text string) *testSource {
			s := newSource()
			s.read = func(b *Block, _ time.Time) error {
				if s.reads == 1 {
					s.line(b, []byte(text))
				}
				return nil
			}
			return s
		}
		open, joined := once("open"), once("joined")
		h.add("open", open)
		h.add("joined", joined).hold = time.Hour
		h.start()
		synctest.Wait()
		start := time.Now()
		h.finish()
		if len(h.batches) != 1 || string(h.batches[0].Line(0)) != "open" || time.Since(start) != 0 {
			t.Errorf("%d batches after %v, want the open one at once", len(h.batches), time.Since(start))
		}
		h.settle()
		if open.Unsettled() != 0 || joined.Unsettled() != 6 {
			t.Errorf("unsettled are %d and %d bytes, want 0 and 6", open.Unsettled(), joined.Unsettled())
		}
	})
}

func TestStopDoesNotWaitForATurnToEnd(t *testing.T) {
	h := newHarness(1, 64<<20)
	sources := make([]*testSource, 100)
	for i := range sources {
		s := endless()
		read := s.read
		s.read = func(b *Block, now time.Time) error { h.stop(); return read(b, now) }
		sources[i] = s
		h.add(fmt.Sprint(i), s)
	}
	h.start()
	<-h.over
	var reads int
	for _, s := range sources {
		reads += s.reads
	}
	if reads != 1 {
		t.Errorf("%d sources were read after the stop, want none after the first", reads-1)
	}
}

func TestBatchesAndJoinsAreDueInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		h.keep = true
		start := time.Now()
		for key, hold := range map[string]time.Duration{"plain": 0, "joined": 300 * time.Millisecond} {
			s := newSource()
			s.read = func(b *Block, _ time.Time) error {
				if s.reads == 1 {
					s.line(b, []byte(key))
				}
				return nil
			}
			s.wake = func() time.Time { return start.Add(time.Hour) }
			h.Add(&Target{Key: key, Source: s, Stages: &testStages{stream: stream(key), hold: hold}})
			s.wake = func() time.Time {
				if s.reads == 0 {
					return start
				}
				return start.Add(time.Hour)
			}
		}
		h.start()
		for _, want := range []struct {
			at time.Duration
			n  int
		}{{999 * time.Millisecond, 0}, {time.Second, 1}, {1299 * time.Millisecond, 1}, {1300 * time.Millisecond, 2}} {
			time.Sleep(want.at - time.Since(start))
			synctest.Wait()
			h.mu.Lock()
			if len(h.batches) != want.n {
				t.Errorf("%d batches after %v, want %d", len(h.batches), want.at, want.n)
			}
			h.mu.Unlock()
		}
		h.finish()
	})
}

// TestLoopUnderLoad adds sources while others run and end, with a clock of its
// own, so that the race detector sees it all at work.
func TestLoopUnderLoad(t *testing.T) {
	h := newHarness(4, 1<<20)
	var ended sync.WaitGroup
	h.opts.Ended = func(*Target) { ended.Done() }
	h.start()
	const sources, lines = 200, 100
	all := make([]*testSource, sources)
	for i := range all {
		s := endless()
		read := s.read
		s.read = func(b *Block, now time.Time) error {
			if s.reads > lines {
				return io.EOF
			}
			return read(b, now)
		}
		all[i] = s
		ended.Add(1)
		h.add(fmt.Sprint(i%7), s)
		h.Targets()
	}
	ended.Wait()
	h.finish()
	for i, s := range all {
		if s.ledger.End() != lines*1000 || s.Unsettled() != 0 {
			t.Fatalf("source %d was read to %d, %d bytes are not settled", i, s.ledger.End(), s.Unsettled())
		}
	}
	if used, _ := h.budget.Used(); used != 0 {
		t.Errorf("%d bytes are in use at the end", used)
	}
}

// Batches of many streams may fill the memory long before they are due.
func TestMemoryInOpenBatchesIsHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 4<<20)
		for i := range 300 {
			h.add(fmt.Sprint(i), onceADay(100))
		}
		h.start()
		time.Sleep(900 * time.Millisecond) // no batch is due
		synctest.Wait()
		read := 0
		for _, t := range h.Targets() {
			read += t.Source.(*testSource).reads
		}
		if read < 300*100 {
			t.Errorf("%d lines were read, then reading waited for batches to be due", read)
		}
		h.finish()
	})
}

// onceADay has n lines, and sleeps for a day then.
func onceADay(n int) *testSource {
	s := endless()
	read := s.read
	var next time.Time
	s.read = func(b *Block, now time.Time) error {
		if n--; n == 0 {
			next = now.Add(24 * time.Hour)
		}
		return read(b, now)
	}
	s.wake = func() time.Time { return next }
	return s
}

// risky is a source whose next lines cannot be read again.
type risky struct {
	*testSource
	risk Risk
}

func (s risky) Risk() Risk { return s.risk }

// What a pipe gave is taken when nothing more comes from it; joins of all sources
// give up what would be gone.
func TestAStopTakesWhatCannotBeReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(2, 64<<20)
		h.keep = true
		pipe, file, unlinked := risky{newSource(), Fleeting}, newSource(), newSource()
		pipe.ledger.SetRisk(Fleeting)
		more := false
		pipe.read = func(b *Block, _ time.Time) error {
			if more {
				pipe.line(b, []byte("last"))
			}
			return nil
		}
		once := func(s *testSource) {
			s.read = func(b *Block, _ time.Time) error {
				if s.ledger.End() == 0 {
					s.line(b, []byte("held"))
				}
				return nil
			}
		}
		once(file)
		once(unlinked)
		h.Loop.opts.Stopped = func() { more = true }
		var stages []*testStages
		for key, s := range map[string]Source{"pipe": pipe, "file": file, "unlinked": unlinked} {
			st := h.add(key, s)
			st.hold = time.Hour
			stages = append(stages, st)
		}
		h.start()
		synctest.Wait()
		unlinked.ledger.SetRisk(Unlinked)
		h.finish()
		var got []string
		for _, b := range h.batches {
			got = append(got, string(b.Line(0)))
		}
		slices.Sort(got)
		if fmt.Sprint(got) != "[held last]" {
			t.Errorf("at the stop %q are handed on", got)
		}
		for _, st := range stages {
			if !st.stopped {
				t.Error("stages were not told of the stop")
			}
		}
	})
}
