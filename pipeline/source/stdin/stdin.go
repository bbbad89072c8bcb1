// Package stdin reads lines from standard input, once and to its end.
//
// What was read and is not delivered when the process dies is lost: the input
// gives its bytes once.
package stdin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Options are what a Source is made with. Zero values mean those of
// DefaultOptions.
type Options struct {
	MaxLine int           // bytes; what is longer is cut
	Poll    time.Duration // how often the source is looked at, and a silent input left to see whether to stop
}

// DefaultOptions returns this package's limits.
func DefaultOptions() Options { return Options{MaxLine: 1 << 20, Poll: 50 * time.Millisecond} }

// maxLines bounds the lines of one Read.
const maxLines = 8 << 10

// Source is an input. It implements pipeline.Source; Run has to be running for it
// to have lines. Its ranges are bytes of the input. As by promtail, carriage
// returns before a newline are left out, and lines with nothing else.
type Source struct {
	in   *os.File
	opts Options
	wake time.Time

	mu      sync.Mutex
	data    []byte // read and not handed out
	room    chan struct{}
	ledger  *pipeline.Ledger
	offset  int64 // of data in the input
	start   int64 // where the next line's range begins
	ended   bool
	failing error
}

// New returns the source of an input.
func New(in *os.File, opts Options) *Source {
	d := DefaultOptions()
	if opts.MaxLine == 0 {
		opts.MaxLine = d.MaxLine
	}
	if opts.Poll == 0 {
		opts.Poll = d.Poll
	}
	ledger := pipeline.NewLedger(0)
	ledger.SetRisk(pipeline.Fleeting)
	return &Source{in: in, opts: opts, room: make(chan struct{}, 1), ledger: ledger}
}

// Run reads the input to its end, or until ctx is done. An error other than the
// end is returned by Read.
func (s *Source) Run(ctx context.Context) error {
	buf := make([]byte, 64<<10)
	err := s.copy(ctx, buf)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if !errors.Is(err, io.EOF) && ctx.Err() == nil {
		s.failing = fmt.Errorf("read standard input: %w", err)
	}
	return nil
}

func (s *Source) copy(ctx context.Context, buf []byte) error {
	for ctx.Err() == nil {
		if !s.hasRoom() { // whoever writes into the input waits
			select {
			case <-ctx.Done():
			case <-s.room:
			}
			continue
		}
		ready, err := s.isReady()
		if err != nil {
			return err
		}
		if !ready {
			continue
		}
		n, err := s.in.Read(buf)
		s.mu.Lock()
		s.data = append(s.data, buf[:n]...)
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// isReady waits for Poll until there is something to read, or the end.
func (s *Source) isReady() (bool, error) {
	fds := []unix.PollFd{{Fd: int32(s.in.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(s.opts.Poll.Milliseconds()))
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return n > 0, err
}

// hasRoom reports whether less than a line of full length is kept.
func (s *Source) hasRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.data) <= s.opts.MaxLine
}

// Read implements pipeline.Source: an error of the input and then io.EOF after the end, when everything was
// handed out.
func (s *Source) Read(b *pipeline.Block, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Buf = append(b.Buf[:0], s.data...)
	rest := b.Buf
	for len(b.Lines) < maxLines {
		text, size := cutLine(rest, s.opts.MaxLine, s.ended)
		if size == 0 {
			break
		}
		rest, s.offset = rest[size:], s.offset+int64(size)
		if text = bytes.TrimRight(text, "\r"); len(text) == 0 {
			continue
		}
		b.Lines = append(b.Lines, pipeline.Line{
			Text: text, Ledger: s.ledger, Range: pipeline.Range{Start: s.start, End: s.offset},
		})
		s.start = s.offset
	}
	s.data = append(s.data[:0], rest...)
	s.ledger.Read(s.start)
	select {
	case s.room <- struct{}{}:
	default:
	}
	s.wake = time.Time{}
	switch err := s.failing; {
	case len(b.Lines) > 0:
	case s.ended && len(s.data) == 0 && err != nil: // told once, before the end
		s.failing = nil
		return err
	case s.ended && len(s.data) == 0:
		return io.EOF
	default:
		s.wake = now.Add(s.opts.Poll)
	}
	return nil
}

// cutLine returns the first line of data without its newline, and its size with
// it, which is 0 if it has no end yet; over says that it will not get one.
func cutLine(data []byte, maxLine int, over bool) (text []byte, size int) {
	n := bytes.IndexByte(data[:min(len(data), maxLine+1)], '\n')
	switch {
	case n >= 0:
		return data[:n], n + 1
	case len(data) > maxLine:
		n = pipeline.CutText(data, maxLine)
	case over:
		n = len(data)
	default:
		return nil, 0
	}
	return data[:n], n
}

// Wake implements pipeline.Source.
func (s *Source) Wake() time.Time { return s.wake }

// Unsettled implements pipeline.Source.
func (s *Source) Unsettled() int64 { return s.ledger.Unsettled() }

// Places implements pipeline.Source: an input has none.
func (s *Source) Places() []pipeline.Place { return nil }

// Close implements pipeline.Source: the input is not the source's to close.
func (s *Source) Close() error { return nil }

// Risk implements pipeline.Pressing: what was read is not in the input any more.
func (s *Source) Risk() pipeline.Risk { return pipeline.Fleeting }
