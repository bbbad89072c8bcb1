package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/position"
)

// batchesOf makes a batch of each entry, in order.
func batchesOf(entries ...pipeline.Entry) []*pipeline.Batch {
	var all []*pipeline.Batch
	limits := pipeline.Limits{BatchBytes: 1 << 20, BatchWait: time.Second, LineBytes: 1 << 18}
	out := pipeline.NewOutbox(limits, pipeline.NewBudget(1<<30), 1, func(b *pipeline.Batch) { all = append(all, b) })
	stream := pipeline.NewStreams().Get("", []pipeline.Label{{Name: "job", Value: "t"}})
	for i := range entries {
		out.Add(stream, &entries[i], time.Now())
		out.Flush()
	}
	return all
}

func TestNotesAreOnDiskBeforeABatchThatNeedsThemIsSent(t *testing.T) {
	batches := batchesOf(
		pipeline.Entry{Line: []byte("own time")}, pipeline.Entry{Line: []byte("read time"), Noted: true},
		pipeline.Entry{Line: []byte("behind it")},
	)
	store := position.Open(filepath.Join(t.TempDir(), "positions.yaml"))
	var mu sync.Mutex
	noted := int64(0)
	var order []string
	done := make(chan struct{}, len(batches))
	s := newSaver(store, func() position.State {
		mu.Lock()
		defer mu.Unlock()
		return position.State{Sources: position.Places{"a": {{Offset: noted}}}}
	}, func() {}, func(b *pipeline.Batch) {
		state, err := store.Load()
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if b.IsNoted() && state.Sources["a"][0].Offset != noted {
			t.Errorf("%q is sent with %v on disk, want %d", b.Line(0), state, noted)
		}
		order = append(order, string(b.Line(0)))
		done <- struct{}{}
	}, time.Hour, slog.New(slog.DiscardHandler))

	s.Deliver(batches[0]) // at once
	<-done
	mu.Lock()
	noted = 42
	mu.Unlock()
	s.Deliver(batches[1])
	s.Deliver(batches[2])
	if len(done) > 0 {
		t.Error("a batch did not wait for the notes, or overtook one that does")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.run(ctx) })
	<-done
	<-done
	cancel()
	wg.Wait()
	if want := []string{"own time", "read time", "behind it"}; !slices.Equal(order, want) {
		t.Errorf("sent in the order %q, want %q", order, want)
	}
}

func TestBatchesAreSentAlthoughNotesCannotBeSaved(t *testing.T) {
	store := position.Open(filepath.Join(t.TempDir(), "no such folder", "positions.yaml"))
	sent := 0
	s := newSaver(store, func() position.State { return position.State{Sources: position.Places{"a": {{Offset: 1}}}} },
		func() { t.Error("said to be saved") }, func(*pipeline.Batch) { sent++ }, time.Hour, slog.New(slog.DiscardHandler))
	s.Deliver(batchesOf(pipeline.Entry{Line: []byte("x"), Noted: true})[0])
	if err := s.save(); err == nil || sent != 1 {
		t.Errorf("%v, %d batches sent; want an error and 1", err, sent)
	}
}

// However long a write takes, no more than a tenth of the time is spent on them.
func TestSlowWritesAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writes := 0
		s := newSaver(position.Open(filepath.Join(t.TempDir(), "positions.yaml")), func() position.State {
			writes++
			time.Sleep(100 * time.Millisecond)
			return position.State{Sources: position.Places{"a": {{Offset: int64(writes)}}}}
		}, func() {}, func(*pipeline.Batch) {}, time.Hour, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { s.run(ctx) })
		noted := batchesOf(pipeline.Entry{Line: []byte("x"), Noted: true})[0]
		for range 600 {
			s.Deliver(noted)
			time.Sleep(100 * time.Millisecond)
		}
		cancel()
		wg.Wait()
		if writes < 55 || writes > 65 {
			t.Errorf("%d writes of a tenth of a second each in a minute", writes)
		}
	})
}
