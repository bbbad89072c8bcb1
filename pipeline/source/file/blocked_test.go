package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// slowSink keeps batches until it is opened, and counts lines.
type slowSink struct {
	mu     sync.Mutex
	open   bool
	queue  []*pipeline.Batch
	counts map[string]int
}

func (s *slowSink) deliver(b *pipeline.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, b)
	if s.open {
		s.drainLocked()
	}
}

func (s *slowSink) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
	s.drainLocked()
}

func (s *slowSink) drainLocked() {
	for _, b := range s.queue {
		for i := range b.Len() {
			s.counts[string(b.Line(i))]++
		}
		b.Done()
	}
	s.queue = nil
}

// plain makes an entry of each line.
type plain struct{ stream pipeline.Stream }

func (p *plain) Push(l *pipeline.Line, now time.Time, out *pipeline.Outbox) {
	out.Add(&p.stream, &pipeline.Entry{
		Line: l.Text, Pieces: []pipeline.Piece{{Ledger: l.Ledger, Range: l.Range}},
	}, now)
}

func (p *plain) Flush(time.Time, bool, *pipeline.Outbox) time.Time { return time.Time{} }

func (p *plain) Stop(time.Time, *pipeline.Outbox) {}

// TestNothingIsLostWhileMemoryIsFull rotates a file again and again while
// nothing can be read, and keeps three of its generations.
func TestNothingIsLostWhileMemoryIsFull(t *testing.T) {
	for name, rotate := range map[string]func(name string) error{
		"rename": func(name string) error {
			return errors.Join(os.Rename(name, name+".1"), os.WriteFile(name, nil, 0o644))
		},
		"copytruncate": func(name string) error {
			text, err := os.ReadFile(name)
			return errors.Join(err, os.WriteFile(name+".1", text, 0o644), os.Truncate(name, 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testFullMemory(t, rotate) })
		})
	}
}

func testFullMemory(t *testing.T, rotate func(name string) error) {
	name := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	src, err := Open(name, nil, Options{
		Lost: func(_ string, bytes int64, why string) { t.Errorf("%d bytes are lost: %s", bytes, why) },
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	sink := &slowSink{counts: map[string]int{}}
	budget := pipeline.NewBudget(64 << 10)
	loop := pipeline.NewLoop(pipeline.LoopOptions{
		Workers: 1, Limits: pipeline.Limits{BatchBytes: 10_000, BatchWait: time.Second, LineBytes: 1000},
		Budget: budget, Clients: 1, Deliver: sink.deliver, Now: time.Now,
		Report: func(_ *pipeline.Target, err error) { t.Error(err) },
		Ended:  func(*pipeline.Target) { t.Error("the source has ended") },
	})
	loop.Add(&pipeline.Target{Key: name, Source: src, Stages: &plain{}})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { loop.Run(ctx) })

	const rotations, lines = 40, 500
	for i := range rotations {
		var text bytes.Buffer
		for k := range lines {
			fmt.Fprintf(&text, "line %d of generation %d\n", k, i)
		}
		appendTo(t, name, text.String())
		time.Sleep(150 * time.Millisecond)
		for n := 2; n > 0; n-- {
			os.Rename(fmt.Sprint(name, ".", n), fmt.Sprint(name, ".", n+1))
		}
		if err := rotate(name); err != nil {
			t.Fatal(err)
		}
	}
	if used, _ := budget.Used(); used < budget.Limit()/2 || src.Unsettled() > 40_000*10 {
		t.Errorf("%d bytes are in use and %d unsettled: reading was not held up", used, src.Unsettled())
	}
	sink.drain()
	time.Sleep(time.Minute)
	stop()
	running.Wait()
	sink.drain()
	if len(sink.counts) != rotations*lines {
		t.Errorf("%d lines arrived, want %d", len(sink.counts), rotations*lines)
	}
	for line, n := range sink.counts {
		if n != 1 {
			t.Fatalf("%s arrived %d times", line, n)
		}
	}
	if err := loop.Close(); err != nil {
		t.Error(err)
	}
}

func appendTo(t *testing.T, name, text string) {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}
