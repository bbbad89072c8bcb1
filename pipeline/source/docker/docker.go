// Package docker reads a container's log through Docker's API: what cannot be
// read from disk, because another driver than json-file keeps it or because the
// engine is on another machine.
//
//	engine ──stream──▶ decoder ──records──▶ queue ──Read──▶ stages
//
// The position is the time of the record that is settled and has the latest
// time, and how many records there are from that one on up to the position. The
// engine begins a stream at the first record that is not older than a time, so a
// new stream that begins at this one repeats exactly as many records; they are
// left out.
//
// The engine skips whole files of a log, and does not say so, when its reader is
// slow. So a stream is never left waiting: what is read ahead and cannot be kept
// in memory goes to the disk queue, and where that is not possible the stream is
// closed and opened again later, where it was left. Then the engine's own files
// are the queue. If the record that was read last is not in them any more, that
// is said.
//
// The engine's version 20.10 has defects with rotated files of the driver local:
// it sends a record twice when a file is rotated under its reader, and leaves out
// compressed files that are young enough. Both are seen and mended.
package docker

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Engine opens logs.
type Engine interface {
	// Logs opens the stream of a container's log from the first record at or
	// after since on; the zero time is the beginning.
	Logs(ctx context.Context, id string, since time.Time) (io.ReadCloser, error)
}

// Options are what a Source is made with. Zero values mean those of
// DefaultOptions; Engine and ID are needed.
type Options struct {
	Engine Engine
	ID     string // the container's
	TTY    bool   // it has a terminal, so that its log has no frames
	// Coarse: its times are the journal's, of microseconds, so that two records may
	// be equal, and parts of one line may differ.
	Coarse bool
	// Running: it may write more. Notice changes it.
	Running bool
	// Gone reports whether an error of Engine says that the container is gone, and
	// Refused whether it is an answer at all.
	Gone, Refused func(err error) bool
	// Corrupt is told of each record without a time, which is left out.
	Corrupt func()
	// Missing is told when the record that was read last, of a time, is not in the
	// log any more: what came behind it, before the next record, may be lost.
	Missing func(last, next time.Time)
	Queue   int           // bytes that are read ahead of Read
	Poll    time.Duration // how often an idle queue is looked at
	Patient time.Duration // how long a stream may wait for room in the queue
	// RetryMin and RetryMax bound the wait before an ended stream is opened
	// again; it doubles while no record comes.
	RetryMin, RetryMax time.Duration
	// LeaveAfter is how long the stream of a container that was removed may go on.
	LeaveAfter time.Duration
}

// DefaultOptions returns this package's limits.
func DefaultOptions() Options {
	return Options{
		Gone: func(error) bool { return false }, Refused: func(error) bool { return false }, Corrupt: func() {}, Missing: func(_, _ time.Time) {},
		Queue: 1 << 20, Poll: 250 * time.Millisecond, Patient: time.Second,
		RetryMin: 250 * time.Millisecond, RetryMax: 30 * time.Second, LeaveAfter: 10 * time.Second,
	}
}

func (o *Options) fill() {
	d := DefaultOptions()
	if o.Gone == nil {
		o.Gone = d.Gone
	}
	if o.Refused == nil {
		o.Refused = d.Refused
	}
	if o.Corrupt == nil {
		o.Corrupt = d.Corrupt
	}
	if o.Missing == nil {
		o.Missing = d.Missing
	}
	setDefault(&o.Queue, d.Queue)
	setDefault(&o.Poll, d.Poll)
	setDefault(&o.Patient, d.Patient)
	setDefault(&o.RetryMin, d.RetryMin)
	setDefault(&o.RetryMax, d.RetryMax)
	setDefault(&o.LeaveAfter, d.LeaveAfter)
}

func setDefault[T int | time.Duration](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}

// maxUnsettled is how many records may be unsettled; each costs its cursor.
const maxUnsettled = 1 << 18

// Source is one container's log. It implements pipeline.Source; Run has to be
// running for it to have lines. Its ranges are in records.
type Source struct {
	opts    Options
	queue   *queue
	from    Cursor
	running atomic.Bool
	changed chan struct{} // holds a token after Notice
	left    chan struct{} // closed by Leave
	leave   func()
	bytes   atomic.Int64 // of lines that were handed out
	lines   atomic.Int64 // that were handed out
	emptied atomic.Int64 // when the queue was emptied last, unix nanoseconds

	wake time.Time
	part [2]int64 // of each stream, the time of the line whose parts go on, 0 for none

	mu      sync.Mutex
	ledger  *pipeline.Ledger
	cursors *cursors
	failing error
	over    bool // Run has returned
	gone    bool // the container was removed
}

// New returns the source of a container's log, to go on behind the saved places
// (at most one, with the text of a Cursor), or from the beginning without one.
func New(places []pipeline.Place, opts Options) (*Source, error) {
	opts.fill()
	var place pipeline.Place
	var from Cursor
	if len(places) > 0 {
		var err error
		place = places[0]
		if from, err = ParseCursor(place.Cursor); err != nil {
			return nil, err
		}
	}
	s := &Source{
		opts: opts, queue: newQueue(opts.Queue), from: from,
		changed: make(chan struct{}, 1), left: make(chan struct{}),
		ledger: pipeline.RestoreLedger(place), cursors: newCursors(place.Offset, from),
	}
	s.leave = sync.OnceFunc(func() { close(s.left) })
	s.running.Store(opts.Running)
	return s, nil
}

// Notice tells whether the container may write now. One that is started again
// is read on.
func (s *Source) Notice(running bool) {
	if s.running.Swap(running) != running {
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
}

// Leave ends the source when the stream has ended: the container was removed.
func (s *Source) Leave() { s.leave() }

// Read implements pipeline.Source: io.EOF after Run has returned and everything
// was handed out. Its error says why the log cannot be read.
func (s *Source) Read(b *pipeline.Block, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake = now.Add(s.opts.Poll)
	s.trimLocked()
	if s.cursors.len() > maxUnsettled {
		return s.failing
	}
	if s.Risk() == pipeline.Repeatable && s.ledger.Unsettled() == 0 {
		s.ledger.SetRisk(pipeline.Repeatable)
	}
	over := s.over
	b.Buf = s.queue.take(b.Buf[:0])
	s.emptied.Store(now.UnixNano())
	for rest := b.Buf; len(rest) > 0; {
		var r record
		r, rest = cutRecord(rest)
		s.addLocked(b, r)
	}
	s.ledger.Read(s.cursors.end())
	switch {
	case len(b.Lines) > 0:
		s.wake = time.Time{}
	case over:
		return io.EOF
	}
	return s.failing
}

// addLocked adds the line of one record to b.
func (s *Source) addLocked(b *pipeline.Block, r record) {
	start := s.cursors.end()
	b.Lines = append(b.Lines, pipeline.Line{
		Text: r.text, Time: s.lineTime(r), Fields: r.fields(),
		Ledger: s.ledger, Range: pipeline.Range{Start: start, End: start + 1},
	})
	s.bytes.Add(int64(len(r.text)))
	s.lines.Add(1)
	s.cursors.push(r.time, s.bytes.Load())
}

// lineTime is the time of the line that a record is, or is a part of: all parts
// have that of the first.
func (s *Source) lineTime(r record) int64 {
	if !s.opts.Coarse {
		return r.time
	}
	part := &s.part[0]
	if r.stderr {
		part = &s.part[1]
	}
	at := cmp.Or(*part, r.time)
	if *part = at; bytes.HasSuffix(r.text, newline) {
		*part = 0
	}
	return at
}

// Wake implements pipeline.Source.
func (s *Source) Wake() time.Time { return s.wake }

// Unsettled implements pipeline.Source, in bytes of lines.
func (s *Source) Unsettled() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trimLocked()
	return s.bytes.Load() - s.cursors.bytesBefore()
}

// Places implements pipeline.Source: none of a container that is gone.
func (s *Source) Places() []pipeline.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	mark := s.trimLocked()
	offset, cursor := s.cursors.first()
	if s.gone || cursor == (Cursor{}) {
		return nil
	}
	return []pipeline.Place{{Offset: offset, Cursor: cursor.String(), Mark: mark, Notes: s.ledger.Notes(offset)}}
}

// trimLocked forgets the cursors before the position and returns the mark there.
func (s *Source) trimLocked() pipeline.Mark {
	position, mark := s.ledger.Position()
	s.cursors.trim(position)
	return mark
}

// Risk implements pipeline.Pressing: while the queue is more than half full, what
// the engine has may be skipped. What was read before cannot wait either then, for
// it has the memory.
func (s *Source) Risk() pipeline.Risk {
	if s.queue.size() > s.opts.Queue/2 {
		s.ledger.SetRisk(pipeline.Fleeting)
		return pipeline.Fleeting
	}
	return pipeline.Repeatable
}

// Stats returns how many bytes of lines were read, and how many wait in the
// queue.
func (s *Source) Stats() (read, lag int64) { return s.bytes.Load(), int64(s.queue.size()) }

// Lines returns how many records were read.
func (s *Source) Lines() int64 { return s.lines.Load() }

// Behind returns how long the first record in the queue waits at most, 0 for none.
func (s *Source) Behind(now time.Time) time.Duration {
	if at := s.emptied.Load(); at != 0 && s.queue.size() > 0 {
		return max(0, now.Sub(time.Unix(0, at)))
	}
	return 0
}

// Close implements pipeline.Source: it does nothing, Run cleans up.
func (s *Source) Close() error { return nil }

// fail notes what is wrong now, nil for nothing.
func (s *Source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = err
}

func (s *Source) finish(gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over, s.gone = true, gone
}
