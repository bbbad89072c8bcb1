// Package file reads log files by name through all their generations: renamed,
// truncated after a copy, rotated while the collector was away.
//
// Limits: generations whose first 1,024 bytes and the 64 bytes before the saved
// offset are equal cannot be told apart. Compressed generations are not read.
// Lines that a writer adds between the copy and the truncation of a
// copytruncate rotation are in no file that remains, so nobody can read them.
package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Options are what a Source is opened with. Zero durations and sizes mean the
// defaults of DefaultOptions.
type Options struct {
	PollMin, PollMax time.Duration // how often an idle file is looked at
	CheckName        time.Duration // how often the name is compared with the open file
	Linger           time.Duration // how long a renamed file is read on for late lines
	Absent           time.Duration // how long a name may be missing before the source ends
	MaxLine          int           // bytes; what is longer is cut
	IgnoreOlder      time.Duration // 0: never; else a file unchanged for longer starts at its end
	Rotated          bool          // at first sight read rotated siblings too
	Lost             func(path string, bytes int64, why string)
}

// DefaultOptions returns promtail's polling times and this package's limits.
func DefaultOptions() Options {
	return Options{
		PollMin: 250 * time.Millisecond, PollMax: 250 * time.Millisecond,
		CheckName: 100 * time.Millisecond, Linger: 5 * time.Second, Absent: time.Minute,
		MaxLine: 1 << 20,
		Lost:    func(string, int64, string) {},
	}
}

// Source follows one file name. It implements pipeline.Source.
type Source struct {
	name string
	opts Options

	wake      time.Time
	poll      time.Duration
	checkAt   time.Time
	absentAt  time.Time // when the name was first found missing
	readBytes atomic.Int64
	lag       atomic.Int64

	mu   sync.Mutex    // held while reading; Places waits for it
	gens []*generation // oldest first
}

// Open finds the generations of name that places describe and everything that
// came after them. Without places it starts at the beginning of the file. A
// name that does not exist is no error as long as a generation is left to read.
func Open(name string, places []pipeline.Place, opts Options, now time.Time) (*Source, error) {
	s := &Source{name: name, opts: opts, poll: opts.PollMin}
	gens, err := restore(name, places, opts, now)
	if err != nil {
		return nil, err
	}
	s.gens = gens
	return s, nil
}

// Name is the name that is followed.
func (s *Source) Name() string { return s.name }

// Stats returns how many bytes were read since Open, and how many are there
// and not read yet.
func (s *Source) Stats() (read, lag int64) { return s.readBytes.Load(), s.lag.Load() }

// Wake implements pipeline.Source.
func (s *Source) Wake() time.Time { return s.wake }

// Unsettled implements pipeline.Source.
func (s *Source) Unsettled() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int64
	for _, g := range s.gens {
		n += g.ledger.Unsettled()
	}
	return n
}

// Places implements pipeline.Source.
func (s *Source) Places() []pipeline.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := make([]pipeline.Place, 0, len(s.gens))
	for _, g := range s.gens {
		if p, ok := g.place(); ok {
			places = append(places, p)
		}
	}
	return places
}

// Close implements pipeline.Source.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, g := range s.gens {
		errs = append(errs, g.close())
	}
	return errors.Join(errs...)
}

// Read implements pipeline.Source: it reads from the oldest generation that has
// something to read.
func (s *Source) Read(b *pipeline.Block, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.checkAt.After(now) {
		if err := s.follow(now); err != nil {
			return s.retry(now, err)
		}
		s.checkAt = now.Add(s.opts.CheckName)
	}
	for i := 0; i < len(s.gens); i++ {
		g := s.gens[i]
		err := s.readGeneration(g, b, now)
		if err != nil {
			return s.retry(now, err)
		}
		if len(b.Lines) > 0 {
			s.progress(b)
			return nil
		}
	}
	s.retire(now)
	if len(s.gens) == 0 {
		return io.EOF
	}
	s.idle(now)
	return nil
}

func (s *Source) readGeneration(g *generation, b *pipeline.Block, now time.Time) error {
	if g.file == nil {
		return nil
	}
	finish := g.rotated && !g.rotatedAt.Add(s.opts.Linger).After(now)
	err := g.read(b, s.opts.MaxLine, finish)
	if errors.Is(err, errTruncated) {
		return s.truncated(g, now)
	}
	return err
}

// progress notes that lines were read.
func (s *Source) progress(b *pipeline.Block) {
	s.poll = s.opts.PollMin
	s.wake = time.Time{}
	first, last := b.Lines[0], b.Lines[len(b.Lines)-1]
	s.readBytes.Add(last.Range.End - first.Range.Start)
	s.measure()
}

// idle backs off between looks at a file that does not grow.
func (s *Source) idle(now time.Time) {
	s.wake = now.Add(s.poll)
	s.poll = min(2*s.poll, s.opts.PollMax)
	s.measure()
}

func (s *Source) retry(now time.Time, err error) error {
	s.wake = now.Add(5 * time.Second)
	return err
}

func (s *Source) measure() {
	var lag int64
	for _, g := range s.gens {
		lag += max(0, g.size-g.offset)
	}
	s.lag.Store(lag)
}

// follow compares the name with the newest generation and takes up the
// generations that came after it. Files are opened at once: a handle keeps
// what a quick rotation unlinks.
func (s *Source) follow(now time.Time) error {
	info, err := os.Stat(s.name)
	if errors.Is(err, fs.ErrNotExist) {
		s.absent(now)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", s.name, err)
	}
	s.absentAt = time.Time{}
	newest := s.newest()
	if newest != nil && newest.file != nil && os.SameFile(newest.info, info) {
		newest.rotated = false
		return nil
	}
	return s.takeUp(newest, now)
}

func (s *Source) newest() *generation {
	if len(s.gens) == 0 {
		return nil
	}
	return s.gens[len(s.gens)-1]
}

// takeUp adds the siblings that came between newest and the name, then the
// file that has the name now.
func (s *Source) takeUp(newest *generation, now time.Time) error {
	known := s.known()
	var added []*generation
	if newest != nil {
		newest.rotate(now)
		between, err := siblings(s.name, newest.seen)
		if err != nil {
			return err
		}
		for _, path := range between {
			if g, err := openGeneration(path); err == nil && !known.has(g) {
				g.rotate(now)
				added = append(added, g)
			} else if err == nil {
				g.close()
			}
		}
	}
	g, err := openGeneration(s.name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // renamed again in this moment
	case err != nil:
		return err
	case known.has(g):
		g.close()
	default:
		added = append(added, g)
	}
	for _, g := range added {
		g.start(0)
	}
	s.gens = append(s.gens, added...)
	return nil
}

func (s *Source) known() identities {
	var ids identities
	for _, g := range s.gens {
		ids = append(ids, g.info)
	}
	return ids
}

// absent ends the source when its name is missing for long.
func (s *Source) absent(now time.Time) {
	if g := s.newest(); g != nil && !g.rotated {
		g.rotate(now)
	}
	if s.absentAt.IsZero() {
		s.absentAt = now
	}
}

// truncated deals with a file whose bytes before the offset are not the ones
// that were read: it was truncated, usually after a copy. What was not read of
// it is finished from the copy, if there is one, and the file starts anew.
func (s *Source) truncated(g *generation, now time.Time) error {
	fresh, err := openGeneration(g.path)
	if errors.Is(err, fs.ErrNotExist) {
		fresh, err = nil, nil
	}
	if err != nil {
		return err
	}
	original, err := findCopy(s.name, g, s.known())
	if err != nil {
		return err
	}
	g.close()
	if original != nil {
		g.adopt(original)
	} else {
		g.file = nil
		s.opts.Lost(g.path, max(0, g.size-g.offset), "truncated, and no copy of it was found")
	}
	g.rotate(now)
	if fresh != nil {
		fresh.start(0)
		s.gens = append(s.gens, fresh)
	}
	return nil
}

// retire forgets old generations that were read to their end and are settled.
// The newest one stays, unless its name is gone for good.
func (s *Source) retire(now time.Time) {
	gone := !s.absentAt.IsZero() && !s.absentAt.Add(s.opts.Absent).After(now)
	kept := s.gens[:0]
	for i, g := range s.gens {
		last := i == len(s.gens)-1
		over := g.rotated && !g.rotatedAt.Add(s.opts.Linger).After(now)
		if over && (!last || gone) {
			g.close()
			if g.ledger.Unsettled() == 0 {
				continue
			}
		}
		kept = append(kept, g)
	}
	clear(s.gens[len(kept):])
	s.gens = kept
}
