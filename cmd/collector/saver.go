package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/position"
)

// saver writes the positions every period, and before a batch is sent that a
// second reading could not repeat without their notes. Batches that come while
// one waits for that wait behind it, so that none overtakes another; the next
// write is for all of them.
type saver struct {
	store   *position.Store // nil: nothing has a position
	state   func() position.State
	saved   func() // told when what state returned last is on disk
	deliver func(*pipeline.Batch)
	period  time.Duration
	log     *slog.Logger

	writing sync.Mutex // held by whoever saves
	failing bool       // guarded by writing

	mu   sync.Mutex
	held []*pipeline.Batch
	wake chan struct{} // holds a token while something is held
}

// betweenWrites is the least time between two writes for held batches. While
// Loki is away there are many notes: it is idleShare times what a write takes if
// that is more, up to longestPause, by which lines may come later.
const (
	betweenWrites = 100 * time.Millisecond
	idleShare     = 9
	longestPause  = time.Second
)

func newSaver(store *position.Store, state func() position.State, saved func(), deliver func(*pipeline.Batch), period time.Duration, log *slog.Logger) *saver {
	return &saver{
		store: store, state: state, saved: saved, deliver: deliver, period: period, log: log,
		wake: make(chan struct{}, 1),
	}
}

// Deliver hands a batch on, at once or after the next write. It never blocks.
func (s *saver) Deliver(b *pipeline.Batch) {
	s.mu.Lock()
	waits := b.IsNoted() || len(s.held) > 0
	if waits {
		s.held = append(s.held, b)
	}
	s.mu.Unlock()
	if !waits {
		s.deliver(b)
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run saves until ctx is done.
func (s *saver) run(ctx context.Context) error {
	tick := time.NewTicker(s.period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.save()
			continue
		case <-s.wake:
		}
		start := time.Now()
		s.save()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(longestPause, max(betweenWrites, idleShare*time.Since(start)))): // many batches share one write
		}
	}
}

// save writes the positions and hands on what waited for it. If they cannot be
// written the batches are sent all the same: after a crash some lines may then
// come twice, but none is lost. A failure is logged when it begins and when it
// ends.
func (s *saver) save() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	group := s.held
	s.mu.Unlock()
	var err error
	if s.store != nil {
		err = s.store.Save(s.state())
	}
	if err == nil {
		s.saved()
	}
	s.note(err)
	for _, b := range group {
		s.deliver(b)
	}
	s.mu.Lock()
	s.held = append([]*pipeline.Batch(nil), s.held[len(group):]...)
	s.mu.Unlock()
	return err
}

func (s *saver) note(err error) {
	if (err != nil) == s.failing {
		return
	}
	s.failing = err != nil
	if s.failing {
		s.log.Error("positions cannot be saved; after a crash lines would be sent again",
			"err", err, "remedy", "make room on the disk, or make the folder writable")
		return
	}
	s.log.Info("positions are saved again", "file", s.store.Path())
}
