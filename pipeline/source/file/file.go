// Package file reads log files by name through all their generations: renamed,
// truncated after a copy, compressed, removed, rotated while the collector was
// away.
//
//	Source    one name with its generations, oldest first; reads them in turn
//	follow    finds out that the name has a new generation, and takes it up
//	generation one file: reads blocks, knows what it read by its bytes
//	siblings  the files beside the name that are its rotated generations
//	archive   a compressed file, read as if it were unpacked
//	probe     finds out whether a compressed file is whole, and whose copy it is
//	restore   which files the saved places describe
//	disk      the part of the file system that is used
//
// Handles: a name that nothing happens to has one. A rotated generation has one
// as long as it is not read to its end, quiet for Linger and settled; without a
// name, until it is read and quiet for Linger, settled or not. So there are as
// many as rotations happen while nothing can be read. When they run out, reading
// fails with the remedy and is tried again, and nothing is taken for lost.
//
// Limits: generations whose first 1,024 bytes and the 64 bytes before the
// offset are equal cannot be told apart; of one that nothing was settled of, the
// first bytes alone count. A file that is truncated and grows to the same size
// within one tick of the file system's clock seems unchanged. A generation is
// read once more if it is compressed when four others are younger, by a program
// that does not keep its time. Lines that a writer adds between the copy and the
// truncation of a copytruncate rotation are in no file that remains, so nobody
// can read them. What is written to a renamed file after it was quiet for Linger
// is read when the name is rotated the next time, if it still has a name.
package file

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Options are what a Source is opened with. Zero values mean the defaults of
// DefaultOptions.
type Options struct {
	PollMin, PollMax time.Duration // how often an idle file is looked at
	CheckName        time.Duration // how often the name is compared with the open file
	Linger           time.Duration // how long a renamed file has to be quiet before it is over
	Absent           time.Duration // how long a name may be missing before the source ends
	MaxLine          int           // bytes; what is longer is cut
	IgnoreOlder      time.Duration // 0: never; else a file unchanged for longer starts at its end
	StartAtEnd       bool          // at first sight all of it is left out, but for a line that has no end yet
	Rotated          bool          // at first sight read rotated siblings too
	Charset          *Charset      // of the text, nil: it is handed on as it is
	// Lost is told of bytes that cannot be read any more.
	Lost func(path string, bytes int64, why string)
	// Cut is told how often lines were cut because they are longer than MaxLine.
	Cut func(path string, cuts int)
	// NULs is told of NUL bytes before lines, and of holes, that were left out.
	NULs func(path string, bytes int64)
	// Invalid is told of lines that are not in Charset.
	Invalid func(path string, lines int)

	disk disk
}

// DefaultOptions returns promtail's polling times and this package's limits.
func DefaultOptions() Options {
	return Options{
		PollMin: 250 * time.Millisecond, PollMax: 250 * time.Millisecond,
		CheckName: 100 * time.Millisecond, Linger: 5 * time.Second, Absent: time.Minute,
		MaxLine: 1 << 20,
		Lost:    func(string, int64, string) {},
		Cut:     func(string, int) {},
		NULs:    func(string, int64) {},
		Invalid: func(string, int) {},
		disk:    realDisk{},
	}
}

// withDefaults returns o with the defaults in place of zero values.
func (o Options) withDefaults() Options {
	d := DefaultOptions()
	setDefault(&o.PollMin, d.PollMin)
	setDefault(&o.PollMax, max(o.PollMin, d.PollMax))
	setDefault(&o.CheckName, d.CheckName)
	setDefault(&o.Linger, d.Linger)
	setDefault(&o.Absent, d.Absent)
	setDefault(&o.MaxLine, d.MaxLine)
	setDefault(&o.disk, d.disk)
	if o.Lost == nil {
		o.Lost = d.Lost
	}
	if o.Cut == nil {
		o.Cut = d.Cut
	}
	if o.NULs == nil {
		o.NULs = d.NULs
	}
	if o.Invalid == nil {
		o.Invalid = d.Invalid
	}
	return o
}

func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// retryTime is how long a source waits after an error.
const retryTime = 5 * time.Second

// Source follows one file name. It implements pipeline.Source and
// pipeline.Follower.
type Source struct {
	name string
	opts Options

	wake      time.Time
	poll      time.Duration
	readBytes atomic.Int64
	readLines atomic.Int64
	lag       atomic.Int64
	behind    atomic.Int64 // see Behind; unix nanoseconds, 0 when there is nothing to read
	risk      atomic.Int32
	left      atomic.Bool
	decoder   *decoder // nil without a charset

	mu       sync.Mutex // held while reading; Places waits for it
	gens     []*generation
	checkAt  time.Time
	absentAt time.Time // when the name was first found missing
	caughtUp time.Time // when there was nothing to read
	trouble  error     // why the name could not be followed

	dealt map[zipKey]*generation // whose content compressed files have, nil: nobody's
}

// Open finds the generations of name that places describe and everything that
// came after them. Without places it starts at the beginning of the file. A
// name that does not exist is no error if there are places.
func Open(name string, places []pipeline.Place, opts Options, now time.Time) (*Source, error) {
	opts = opts.withDefaults()
	s := &Source{name: name, opts: opts, poll: opts.PollMin, dealt: map[zipKey]*generation{}}
	if opts.Charset != nil {
		s.decoder = opts.Charset.newDecoder()
	}
	var err error
	if len(places) == 0 {
		s.gens, err = s.firstSight(now)
	} else {
		s.gens, err = s.restore(places, now)
	}
	if err != nil {
		return nil, err
	}
	s.caughtUp = now
	for _, g := range s.gens {
		if g.unread() > 0 {
			s.caughtUp = earlier(s.caughtUp, g.current)
		}
	}
	s.measure(now)
	return s, nil
}

// Name is the name that is followed.
func (s *Source) Name() string { return s.name }

// Stats returns how many bytes were read since Open, and how many are there
// and not read yet.
func (s *Source) Stats() (read, lag int64) { return s.readBytes.Load(), s.lag.Load() }

// Lines returns how many lines were read since Open.
func (s *Source) Lines() int64 { return s.readLines.Load() }

// Behind returns how long ago everything had been read, 0 if it is now. The first
// byte that waits was written after that, so it is no older. Before the source
// was read to its end for the first time, it is how long ago the file changed
// when its place was saved, or without a place when it was found. A line without
// an end does not count.
func (s *Source) Behind(now time.Time) time.Duration {
	return sinceOf(&s.behind, now)
}

// sinceOf is the time since unix nanoseconds, 0 of 0.
func sinceOf(since *atomic.Int64, now time.Time) time.Duration {
	ns := since.Load()
	if ns == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, ns)))
}

// Risk implements pipeline.Pressing: files that have no name any more are gone
// when the process ends.
func (s *Source) Risk() pipeline.Risk { return pipeline.Risk(s.risk.Load()) }

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
	// The newest first: lines of one entry may end one file and begin the next,
	// and are settled in this order.
	for _, g := range slices.Backward(s.gens) {
		helps := g.unproven && g.old // a new start finds it again
		if helps || g.gone && g.ledger.Unsettled() == 0 {
			continue
		}
		p := g.place()
		if g != s.newest() { // its copies may be as old as itself
			p.Modified = min(p.Modified, g.changed.UnixNano())
		}
		places = append(places, p)
	}
	slices.Reverse(places)
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

// Follow implements pipeline.Follower: files that take the name, and copies of
// them, are opened even while they cannot be read, for a handle keeps what a
// rotation unlinks.
func (s *Source) Follow(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.check(now)
	switch g := s.newest(); { // what goes wrong here goes wrong in Read as well
	case g == nil:
	case g.isTruncated():
		s.truncated(g, now)
	case g.offset == 0:
		s.addMissed(now)
	}
	s.measure(now)
	return s.checkAt
}

// Leave ends the source: the next Read returns io.EOF, whatever is not read yet.
func (s *Source) Leave() { s.left.Store(true) }

// Read implements pipeline.Source: it reads from the oldest generation that has
// something to read.
func (s *Source) Read(b *pipeline.Block, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left.Load() {
		return io.EOF
	}
	s.check(now)
	again, err := s.readNext(b, now)
	if err == nil {
		err = s.trouble
	}
	s.measure(now)
	switch {
	case again, len(b.Lines) > 0:
		s.poll, s.wake = s.opts.PollMin, now
		return err
	case err != nil:
		s.wake = now.Add(retryTime)
		return err
	}
	if len(s.gens) == 0 {
		return io.EOF
	}
	s.idle(now)
	return nil
}

// errAgain says that there is something else to read now.
var errAgain = errors.New("read again")

// readNext reads from the first generation that has lines, or reports that it
// has to be called again. A generation that cannot be read does not hold up the
// others.
func (s *Source) readNext(b *pipeline.Block, now time.Time) (again bool, first error) {
	for _, g := range s.gens {
		if g.unproven || g.awaited != "" { // what is younger comes later
			again, err := s.prove(now)
			return again, cmp.Or(first, err)
		}
		if g.file == nil {
			continue
		}
		err := s.readGeneration(g, b, now)
		switch {
		case errors.Is(err, errAgain):
			return true, first
		case len(b.Lines) > 0:
			return false, first
		case first == nil:
			first = err
		}
	}
	return false, first
}

func (s *Source) readGeneration(g *generation, b *pipeline.Block, now time.Time) error {
	over := s.isOver(g, now)
	data, err := g.load(b, s.opts, over)
	if errors.Is(err, errTruncated) {
		return cmp.Or(s.truncated(g, now), errAgain)
	}
	if err != nil || len(data) == 0 && g.gap == 0 {
		return err
	}
	if g.offset == 0 && g == s.newest() {
		if missed, err := s.addMissed(now); missed || err != nil {
			return cmp.Or(err, errAgain)
		}
	}
	f := s.opts.Charset.form(g.head)
	cut := g.split(b, data, f, s.opts.MaxLine, over)
	s.readBytes.Add(cut.bytes)
	s.readLines.Add(int64(len(b.Lines)))
	if s.decoder != nil {
		if n := s.decoder.convert(b, f); n > 0 {
			s.opts.Invalid(g.path, n)
		}
	}
	if cut.lines > 0 {
		s.opts.Cut(g.path, cut.lines)
	}
	if cut.nuls > 0 {
		s.opts.NULs(g.path, cut.nuls)
	}
	if len(b.Lines) > 0 && g.rotated {
		g.quietSince = now
	}
	return nil
}

// isOver reports whether nothing more is expected in a generation: a last line
// without a newline is a line then.
func (s *Source) isOver(g *generation, now time.Time) bool {
	return g.rotated && !g.quietSince.Add(s.opts.Linger).After(now)
}

// idle backs off between looks at a file that does not grow. Names that are
// rotated often are looked at more often.
func (s *Source) idle(now time.Time) {
	wait := s.poll
	s.poll = min(2*s.poll, s.opts.PollMax)
	if len(s.gens) > 1 && s.gens[len(s.gens)-2].file != nil {
		wait = min(wait, s.opts.CheckName)
	}
	s.wake = now.Add(wait)
}

// measure notes how much is not read yet, and whether some of that is in a file
// that has no name any more.
func (s *Source) measure(now time.Time) {
	var lag int64
	risk, waits := pipeline.Repeatable, false
	for _, g := range s.gens {
		unread, readable := g.unread(), g.isReadable(s.isOver(g, now))
		if g.latest != nil && g.latest.Size() > g.size { // nothing was read since
			unread, readable = g.latest.Size()-g.offset, true
		}
		lag += max(0, unread-g.gap)
		waits = waits || readable
		if g.unlinked && readable {
			risk = pipeline.Unlinked
		}
	}
	s.lag.Store(lag)
	s.risk.Store(int32(risk))
	if !waits {
		s.caughtUp = now
		s.behind.Store(0)
		return
	}
	s.behind.CompareAndSwap(0, s.caughtUp.UnixNano())
}

func (s *Source) newest() *generation {
	if len(s.gens) == 0 {
		return nil
	}
	return s.gens[len(s.gens)-1]
}
