// Package journal reads systemd's journal through journalctl, which needs no
// cgo and knows every format that its own version of systemd writes.
//
//	journalctl ──stdout──▶ Run ──queue of JSON entries──▶ Read ──lines──▶ stages
//
// The position is journald's cursor of the last entry before the lowest one
// that is not settled. Entries that journald deleted before they were read are
// lost without a trace, as are those that journalctl itself cannot read.
package journal

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Options are what a Source is made with. Zero values mean those of
// DefaultOptions.
type Options struct {
	Command []string      // how journalctl is called; its arguments are added
	Path    string        // the journal's folder, "" for the system's
	Matches string        // FIELD=value terms separated by spaces, as promtail has them
	MaxAge  time.Duration // how far back a start without a saved cursor goes
	JSON    bool          // the line is a JSON object of all fields
	User    string        // whom the remedy for missing permission names, "" for the own user
	// Skipped is told of each entry that gives no line, and why. Run and Read
	// call it, from two goroutines.
	Skipped func(reason string)
	// Taken is told how many lines Read has handed out.
	Taken func(lines int)
	Now   func() time.Time
	// RetryMin and RetryMax bound the wait before an ended journalctl is run
	// again; it doubles while no entry is read.
	RetryMin, RetryMax time.Duration
}

// DefaultOptions returns promtail's max_age and this package's limits.
func DefaultOptions() Options {
	return Options{
		Command: []string{"journalctl"}, MaxAge: 7 * time.Hour,
		Skipped: func(string) {}, Taken: func(int) {}, Now: time.Now,
		RetryMin: 250 * time.Millisecond, RetryMax: 30 * time.Second,
	}
}

func (o *Options) fill() {
	d := DefaultOptions()
	if len(o.Command) == 0 {
		o.Command = d.Command
	}
	if o.MaxAge == 0 {
		o.MaxAge = d.MaxAge
	}
	if o.Skipped == nil {
		o.Skipped = d.Skipped
	}
	if o.Taken == nil {
		o.Taken = d.Taken
	}
	if o.Now == nil {
		o.Now = d.Now
	}
	if o.RetryMin == 0 {
		o.RetryMin = d.RetryMin
	}
	if o.RetryMax == 0 {
		o.RetryMax = d.RetryMax
	}
}

const (
	poll         = 250 * time.Millisecond // how often an idle queue is looked at
	queueLen     = 256 << 10              // bytes that are read ahead of Read
	maxEntry     = 4 << 20                // bytes of one entry's JSON
	maxUnsettled = 1 << 16                // entries; each costs its cursor
)

// Source is one journal. It implements pipeline.Source; Run has to be running
// for it to have lines.
type Source struct {
	opts  Options
	queue *queue
	saved string // the cursor to go on behind, "" for none
	most  int    // entries that may be unsettled
	wake  time.Time
	parse parser

	mu      sync.Mutex
	ledger  *pipeline.Ledger // counts lines that were handed out
	cursors *cursors
	bytes   int64 // of all entries that were handed out
	failing error
	over    bool // Run has returned
}

// New returns the journal's source, to go on behind the saved places (at most
// one), or MaxAge back without one.
func New(places []pipeline.Place, opts Options) *Source {
	opts.fill()
	var place pipeline.Place
	if len(places) > 0 {
		place = places[0]
	}
	return &Source{
		opts: opts, queue: newQueue(queueLen), saved: place.Cursor, most: maxUnsettled,
		parse:   parser{json: opts.JSON, names: names{}},
		ledger:  pipeline.RestoreLedger(place),
		cursors: newCursors(place.Offset, place.Cursor),
	}
}

// Run runs journalctl, again whenever it ends, until ctx is done. Nothing that
// it started is left when it returns. What is wrong is returned by Read, and
// io.EOF after Run has returned and everything was handed out.
func (s *Source) Run(ctx context.Context) error {
	defer s.finish()
	f := follower{s: s, cursor: s.saved}
	for ctx.Err() == nil {
		timer := time.NewTimer(f.run(ctx))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// Read implements pipeline.Source. Its error says why journalctl does not run
// or does not show everything, and what to do about it.
func (s *Source) Read(b *pipeline.Block, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake = now.Add(poll)
	s.trimLocked()
	if s.cursors.len() > s.most {
		return s.failing
	}
	over := s.over
	b.Buf = s.queue.take(b.Buf[:0])
	s.parse.reset()
	for rest := b.Buf; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		s.addLocked(b, rest[:end])
		rest = rest[end+1:]
	}
	s.ledger.Read(s.cursors.end())
	s.opts.Taken(len(b.Lines))
	switch {
	case len(b.Lines) > 0:
		s.wake = time.Time{}
	case over:
		return io.EOF
	}
	return s.failing
}

func (s *Source) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

// addLocked adds the line of one entry to b.
func (s *Source) addLocked(b *pipeline.Block, entry []byte) {
	line, cursor, why := s.parse.line(entry)
	if why != "" {
		s.cursors.replace(cursor)
		s.opts.Skipped(why)
		return
	}
	start := s.cursors.end()
	line.Ledger = s.ledger
	line.Range = pipeline.Range{Start: start, End: start + 1}
	b.Lines = append(b.Lines, line)
	s.bytes += int64(len(entry))
	s.cursors.push(cursor, s.bytes)
}

// Wake implements pipeline.Source.
func (s *Source) Wake() time.Time { return s.wake }

// Unsettled implements pipeline.Source, in bytes of journalctl's output.
func (s *Source) Unsettled() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trimLocked()
	return s.bytes - s.cursors.bytesBefore()
}

// Places implements pipeline.Source.
func (s *Source) Places() []pipeline.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	mark := s.trimLocked()
	offset, cursor := s.cursors.first()
	if cursor == "" {
		return nil
	}
	return []pipeline.Place{{Path: s.opts.Path, Offset: offset, Cursor: cursor, Mark: mark, Notes: s.ledger.Notes(offset)}}
}

// trimLocked forgets the cursors before the position and returns the mark there.
func (s *Source) trimLocked() pipeline.Mark {
	position, mark := s.ledger.Position()
	s.cursors.trim(position)
	return mark
}

// Close implements pipeline.Source: it does nothing, Run cleans up.
func (s *Source) Close() error { return nil }

// fail notes what is wrong now, nil for nothing.
func (s *Source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = err
}
