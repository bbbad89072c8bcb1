// Package pipe reads lines from named pipes and character devices: what has no
// offset, no rotation and low volume.
//
//	pipe ──relay──▶ os.Pipe ──nxadm/tail──▶ queue ──Read──▶ stages
//
// github.com/nxadm/tail cuts the lines. By itself it waits in open until
// somebody writes, cannot be called back from a silent pipe, ends with the last
// writer and lets a line without end grow without bound. So a relay opens the
// pipe and hands its bytes on.
//
// A pipe's bytes can be read once: what was read and is not delivered when the
// process dies is lost.
package pipe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Options are what a Source is made with. Zero values mean those of
// DefaultOptions.
type Options struct {
	MaxLine int           // bytes; what is longer is cut
	Buffer  int           // bytes that are read ahead of Read; a writer waits beyond
	Poll    time.Duration // how often a pipe without writers, its path and an idle queue are looked at
}

// DefaultOptions returns promtail's polling time and this package's limits.
func DefaultOptions() Options {
	return Options{MaxLine: 1 << 20, Buffer: 256 << 10, Poll: 250 * time.Millisecond}
}

// Source is one named pipe or character device. It implements pipeline.Source;
// Run has to be running for it to have lines. Its ranges are bytes since it was
// made.
type Source struct {
	path  string
	opts  Options
	wake  time.Time
	queue *queue

	mu      sync.Mutex
	ledger  *pipeline.Ledger
	ended   bool
	failing error
}

// New returns the source of the pipe or device at path.
func New(path string, opts Options) *Source {
	d := DefaultOptions()
	if opts.MaxLine == 0 {
		opts.MaxLine = d.MaxLine
	}
	if opts.Buffer == 0 {
		opts.Buffer = d.Buffer
	}
	if opts.Poll == 0 {
		opts.Poll = d.Poll
	}
	ledger := pipeline.NewLedger(0)
	ledger.SetRisk(pipeline.Fleeting)
	return &Source{path: path, opts: opts, queue: newQueue(opts.Buffer), ledger: ledger}
}

// Run reads the pipe until ctx is done or the path is gone, and opens it again
// when it fails. Nothing that it started is left when it returns. What is wrong
// is returned by Read.
func (s *Source) Run(ctx context.Context) error {
	defer s.end()
	for ctx.Err() == nil {
		err := s.follow(ctx)
		switch {
		case errors.Is(err, errGone), ctx.Err() != nil:
			return nil
		case errors.Is(err, errReplaced):
			continue
		}
		s.fail(err)
		timer := time.NewTimer(s.opts.Poll)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// Read implements pipeline.Source: io.EOF after Run has returned and
// everything was handed out.
func (s *Source) Read(b *pipeline.Block, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended, start := s.ended, s.ledger.End()
	b.Buf = s.queue.take(b.Buf[:0])
	for rest := b.Buf; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n') + 1
		b.Lines = append(b.Lines, pipeline.Line{
			Text: rest[:n-1], Ledger: s.ledger,
			Range: pipeline.Range{Start: start, End: start + int64(n)},
		})
		start += int64(n)
		rest = rest[n:]
	}
	s.ledger.Read(start)
	switch {
	case len(b.Lines) > 0:
		s.wake = time.Time{}
	case ended:
		return io.EOF
	default:
		s.wake = now.Add(s.opts.Poll)
	}
	return s.failing
}

// Wake implements pipeline.Source.
func (s *Source) Wake() time.Time { return s.wake }

// Unsettled implements pipeline.Source.
func (s *Source) Unsettled() int64 { return s.ledger.Unsettled() }

// Places implements pipeline.Source: a pipe has none.
func (s *Source) Places() []pipeline.Place { return nil }

// Close implements pipeline.Source: it does nothing, Run cleans up.
func (s *Source) Close() error { return nil }

// Risk implements pipeline.Pressing: what was read of a pipe is not in it any
// more, and a writer that has to wait may be the application itself.
func (s *Source) Risk() pipeline.Risk { return pipeline.Fleeting }

func (s *Source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = err
}

func (s *Source) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}
