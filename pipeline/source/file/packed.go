package file

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// PackedOptions are what a Packed is opened with.
type PackedOptions struct {
	Options
	Format       string        // gz, z, bz2 or zst
	InitialDelay time.Duration // how long a file is left alone after it was first seen
	// Damaged is told of a file that has no right end and did not change for
	// Linger. What could be unpacked is read before.
	Damaged func(path string, err error)
	// Shelf is shared by all sources of a job.
	Shelf *Shelf
}

// Packed follows the name of a compressed file. It implements pipeline.Source and
// pipeline.Follower. Offsets are those of the content.
//
// A file that grows is unpacked from its beginning again, at most for a part of
// the time, and read on where it ended. What takes the name is read when the file
// before it is read to its end. A file that was renamed from one name of the job
// to another is read on under its new one.
type Packed struct {
	name    string
	opts    PackedOptions
	decoder *decoder // nil without a charset

	wake      time.Time
	readBytes atomic.Int64
	readLines atomic.Int64
	lag       atomic.Int64
	behind    atomic.Int64
	risk      atomic.Int32
	left      atomic.Bool

	mu       sync.Mutex
	files    []*packedFile // oldest first
	checkAt  time.Time
	absentAt time.Time // when the name was first found missing
	caughtUp time.Time // when there was nothing to read
	trouble  error     // why the name could not be followed
}

// packedFile is one compressed file that has, or had, the name. Its text is that
// of the content.
type packedFile struct {
	text generation
	head []byte // its first bytes, at most fingerprintLen
	pass *pass  // nil while it is not being unpacked
	slot bool   // the pass unpacks

	size     int64     // packed, when the pass began
	modified time.Time // likewise
	left     int64     // packed bytes that were not read yet, as of the last look
	end      error     // how the last pass ended, nil before
	short    bool      // it ended before the offset
	told     bool      // a damage was reported
	changed  time.Time // when it was last seen to have changed
	readyAt  time.Time // it is not unpacked before
	skips    bool      // all of it is left out
	waits    bool      // another source has it
	offered  bool      // it is on the shelf for whom its name belongs to now
	since    time.Time // when it was offered
	rotated  bool
}

// OpenPacked finds the file that has the name, and goes on where places say that
// it was read.
func OpenPacked(name string, places []pipeline.Place, opts PackedOptions, now time.Time) (*Packed, error) {
	opts.Options = opts.withDefaults()
	s := &Packed{name: name, opts: opts, caughtUp: now}
	if opts.Charset != nil {
		s.decoder = opts.Charset.newDecoder()
	}
	for _, p := range places {
		opts.Shelf.Put(p)
	}
	f, err := s.open(now)
	if err != nil {
		return nil, err
	}
	if isNew := f.text.saved.Path == "" && !f.waits; isNew {
		f.skips = opts.StartAtEnd || opts.IgnoreOlder > 0 && f.text.changed.Before(now.Add(-opts.IgnoreOlder))
	}
	s.caughtUp = earlier(now, f.text.current)
	s.measure(now)
	return s, nil
}

// open opens the file that has the name now.
func (s *Packed) open(now time.Time) (*packedFile, error) {
	g, err := openGeneration(s.opts.disk, s.name)
	if err != nil {
		return nil, err
	}
	f := &packedFile{text: *g, size: g.size, changed: now, readyAt: now.Add(s.opts.InitialDelay)}
	f.text.ledger, f.text.noLine = pipeline.NewLedger(0), -1
	f.learnHead()
	s.files = append(s.files, f)
	s.claim(f)
	return f, nil
}

// claim takes the place of a file from the shelf, or waits for the source that
// reads it.
func (s *Packed) claim(f *packedFile) {
	p, state := s.opts.Shelf.take(f, s)
	f.waits = state == shelfHeld
	if state != shelfFound {
		return
	}
	f.text.offset, f.text.ledger = p.Offset, pipeline.RestoreLedger(p)
	f.text.before, f.text.saved = bytes.Clone(p.Before), p
	f.text.current = time.Unix(0, p.Modified)
	f.skips = p.Cursor == skipCursor
	f.readyAt = time.Time{}
}

// skipCursor is in the place of a file that is left out up to its end.
const skipCursor = "skip"

// learnHead reads the first bytes of a file that may have been shorter before.
func (f *packedFile) learnHead() {
	if len(f.head) == fingerprintLen {
		return
	}
	first := make([]byte, fingerprintLen)
	n, _ := f.text.file.ReadAt(first, 0)
	if bytes.HasPrefix(first[:n], f.head) {
		f.head = first[:n]
	}
}

// Stats returns how many bytes of content were read since OpenPacked, and how
// many bytes, packed, are there and not read yet.
func (s *Packed) Stats() (read, lag int64) { return s.readBytes.Load(), s.lag.Load() }

// Lines returns how many lines were read since OpenPacked.
func (s *Packed) Lines() int64 { return s.readLines.Load() }

// Behind is that of Source.
func (s *Packed) Behind(now time.Time) time.Duration { return sinceOf(&s.behind, now) }

// Risk implements pipeline.Pressing.
func (s *Packed) Risk() pipeline.Risk { return pipeline.Risk(s.risk.Load()) }

// Wake implements pipeline.Source.
func (s *Packed) Wake() time.Time { return s.wake }

// Leave ends the source: the next Read returns io.EOF.
func (s *Packed) Leave() { s.left.Store(true) }

// Unsettled implements pipeline.Source.
func (s *Packed) Unsettled() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int64
	for _, f := range s.files {
		n += f.text.ledger.Unsettled()
	}
	return n
}

// Places implements pipeline.Source.
func (s *Packed) Places() []pipeline.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	var places []pipeline.Place
	for _, f := range s.files {
		if f.waits || f.text.gone {
			continue
		}
		places = append(places, s.place(f))
	}
	return places
}

func (s *Packed) place(f *packedFile) pipeline.Place {
	offset, mark := f.text.ledger.Position()
	p := pipeline.Place{
		Path: s.name, Device: f.text.id.device, Inode: f.text.id.inode, Packed: s.opts.Format,
		FingerprintLen: int64(len(f.head)), Fingerprint: fingerprint(f.head),
		Offset: offset, Mark: mark, Size: f.text.offset + f.unread(), Modified: f.text.changed.UnixNano(),
		Notes: f.text.ledger.Notes(offset),
	}
	if offset == f.text.offset {
		p.Before = append([]byte{}, f.text.before...)
	}
	if f.skips {
		p.Cursor = skipCursor
	}
	f.text.saved = p
	return p
}

// Close implements pipeline.Source. Its places go to the shelf: a file may have
// the name of another source by now.
func (s *Packed) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, f := range s.files {
		s.endPass(f)
		s.opts.Shelf.release(f)
		if !f.waits && !f.text.gone && !f.text.unlinked {
			s.opts.Shelf.Put(s.place(f))
		}
		errs = append(errs, f.text.close())
	}
	return errors.Join(errs...)
}

// Follow implements pipeline.Follower: a file that takes the name is opened even
// while nothing is read, for the handle keeps the one before it.
func (s *Packed) Follow(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.check(now)
	s.measure(now)
	return s.checkAt
}

// Read implements pipeline.Source.
func (s *Packed) Read(b *pipeline.Block, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left.Load() {
		return io.EOF
	}
	s.check(now)
	s.wake = now.Add(s.opts.PollMin)
	again, err := s.readNext(b, now)
	s.measure(now)
	switch {
	case again, len(b.Lines) > 0:
		s.wake = now
		return err
	case err != nil, s.trouble != nil:
		s.wake = now.Add(retryTime)
		return cmp.Or(err, s.trouble)
	case len(s.files) == 0:
		return io.EOF
	}
	if !slices.ContainsFunc(s.files, func(f *packedFile) bool { return f.end == nil }) {
		s.wake = now.Add(max(restTime, s.opts.PollMin)) // most files never change again
	}
	return nil
}

// restTime is how often a file is looked at that was read to its end.
const restTime = time.Second

// readNext reads from the first file that has lines, or reports that it has to be
// called again.
func (s *Packed) readNext(b *pipeline.Block, now time.Time) (again bool, first error) {
	for _, f := range s.files {
		if f.waits || f.offered || f.text.file == nil {
			continue
		}
		err := s.readFile(f, b, now)
		switch {
		case errors.Is(err, errAgain):
			return true, first
		case len(b.Lines) > 0:
			return false, first
		}
		first = cmp.Or(first, err)
		if f.end == nil || f.pass != nil { // what is younger comes later
			return false, first
		}
	}
	return false, first
}

// readFile reads on in a file, or begins to.
func (s *Packed) readFile(f *packedFile, b *pipeline.Block, now time.Time) error {
	if f.pass == nil {
		if begun, err := s.beginPass(f, now); !begun {
			return err
		}
	}
	data, err := s.load(f, b)
	if errors.Is(err, errTruncated) {
		s.replaced(f, now)
		return errAgain
	}
	if err != nil {
		if !errors.Is(err, errAgain) {
			s.endPass(f)
		}
		return err
	}
	over := f.pass.end != nil && f.pass.reach() <= f.text.offset+f.text.gap+int64(len(data))
	if f.skips {
		s.skip(f, data, over)
		return errAgain
	}
	f.text.size = math.MaxInt64
	if over {
		f.text.size = f.pass.reach()
	}
	changed := over && s.hasChanged(f)
	s.split(f, b, data, over && !changed && s.isQuiet(f, now))
	if over && len(b.Lines) == 0 {
		s.atEnd(f, changed, now)
	}
	return nil
}

// split cuts data into lines and converts them.
func (s *Packed) split(f *packedFile, b *pipeline.Block, data []byte, over bool) {
	form := s.opts.Charset.form(f.text.head)
	cut := f.text.split(b, data, form, s.opts.MaxLine, over)
	s.readBytes.Add(cut.bytes)
	s.readLines.Add(int64(len(b.Lines)))
	if cut.lines > 0 {
		s.opts.Cut(s.name, cut.lines)
	}
	if cut.nuls > 0 {
		s.opts.NULs(s.name, cut.nuls)
	}
	if s.decoder != nil {
		if n := s.decoder.convert(b, form); n > 0 {
			s.opts.Invalid(s.name, n)
		}
	}
}

// hasChanged reports whether a file is not what it was when its pass began.
func (s *Packed) hasChanged(f *packedFile) bool {
	info, err := f.text.file.Stat()
	return err == nil && (info.Size() != f.size || !info.ModTime().Equal(f.modified))
}

// beginPass begins to unpack a file, if it has changed since that was done, its
// time has come, and there is room for it.
func (s *Packed) beginPass(f *packedFile, now time.Time) (begun bool, err error) {
	info, err := f.text.file.Stat()
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", s.name, err)
	}
	if info.Size() != f.size || !info.ModTime().Equal(f.modified) {
		f.size, f.modified, f.changed = info.Size(), info.ModTime(), now
		f.end, f.told, f.short = nil, false, false
	}
	switch {
	case f.short && s.isQuiet(f, now):
		s.replaced(f, now)
		return false, errAgain
	case f.end != nil:
		s.tell(f, now)
		return false, nil
	case f.readyAt.After(now), !s.opts.Shelf.enter():
		return false, nil
	}
	s.opts.Shelf.learn(f)
	f.pass, f.slot = newPass(s.opts.Format, f.text.file), true
	return true, nil
}

// load returns content behind the offset. It finds out whether the content before
// it is still what was read.
func (s *Packed) load(f *packedFile, b *pipeline.Block) ([]byte, error) {
	g := &f.text
	if f.pass.base == 0 { // the beginning tells the byte order, and another file
		head, err := f.pass.at(0, fingerprintLen)
		if err != nil {
			return nil, err
		}
		if n := min(len(head), len(g.head)); !bytes.Equal(head[:n], g.head[:n]) {
			return nil, errTruncated
		}
		g.head = appendHead(g.head, head[min(len(head), len(g.head)):])
	}
	for want := blockLen; ; {
		data, err := s.ahead(f, want)
		if err != nil {
			return nil, err
		}
		form := s.opts.Charset.form(g.head)
		if len(data) == want && len(withoutNULs(data, 1, false)) == 0 {
			g.gap += int64(want)
			return nil, errAgain
		}
		if len(data) < want || want > s.opts.MaxLine || form.lineEnd(data) >= 0 {
			b.Buf = append(b.Buf[:0], data...)
			return b.Buf, nil
		}
		want = min(4*want, s.opts.MaxLine+form.unit)
	}
}

// ahead returns up to want bytes behind the offset, or errTruncated if the content
// ends before it or is another.
func (s *Packed) ahead(f *packedFile, want int) ([]byte, error) {
	g := &f.text
	lead := len(g.before)
	if g.gap > 0 { // they are NUL bytes, and the next ones to be compared
		lead = int(min(g.gap, beforeLen))
	}
	data, err := f.pass.at(g.offset+g.gap-int64(lead), lead+want)
	switch {
	case err != nil:
		return nil, err
	case f.pass.reach() < g.offset+g.gap: // it may be on its way again, unless its right end is there
		if errors.Is(f.pass.end, io.EOF) && f.size > 0 {
			return nil, errTruncated
		}
		return nil, nil
	case g.gap == 0 && !bytes.Equal(data[:lead], g.before):
		return nil, errTruncated
	}
	return data[lead:], nil
}

// skip leaves data out; over says that it is the last.
func (s *Packed) skip(f *packedFile, data []byte, over bool) {
	g := &f.text
	if len(data) > 0 {
		g.advance(g.offset+g.gap+int64(len(data)), data)
		g.ledger = pipeline.NewLedger(g.offset)
	}
	f.skips = !over
}

// isQuiet reports whether a file did not change for Linger, so that a last line
// without a newline is a line.
func (s *Packed) isQuiet(f *packedFile, now time.Time) bool {
	return !f.changed.Add(s.opts.Linger).After(now)
}

// unpackSpeed bounds how often a file that grows is unpacked again: no more than
// this many bytes of a second.
const unpackSpeed = 20 << 20

// atEnd ends a pass behind the last line. While a rest without a newline may go
// on, it stays in memory.
func (s *Packed) atEnd(f *packedFile, changed bool, now time.Time) {
	g, reach := &f.text, f.pass.reach()
	f.short = reach < g.offset
	if !changed && !f.short && g.offset < reach && !s.isQuiet(f, now) {
		f.pass.finish()
		s.leave(f)
		return
	}
	f.end = f.pass.end
	if changed {
		f.changed, f.end = now, nil
	}
	f.readyAt = now.Add(max(s.opts.PollMin, time.Duration(reach)*time.Second/unpackSpeed))
	s.endPass(f)
	s.tell(f, now)
}

// tell reports a damaged file that does not change any more, once.
func (s *Packed) tell(f *packedFile, now time.Time) {
	if f.told || errors.Is(f.end, io.EOF) || !s.isQuiet(f, now) {
		return
	}
	f.told = true
	if f.end != nil && s.opts.Damaged != nil {
		s.opts.Damaged(s.name, f.end)
	}
}

// endPass gives up the memory of a pass.
func (s *Packed) endPass(f *packedFile) {
	if f.pass != nil {
		f.pass.finish()
		f.pass, f.text.gap = nil, 0
		s.leave(f)
	}
}

// leave lets another file be unpacked.
func (s *Packed) leave(f *packedFile) {
	if f.slot {
		f.slot = false
		s.opts.Shelf.leave()
	}
}

// replaced goes over to another content of the same file. What was not read of
// the one before is lost.
func (s *Packed) replaced(f *packedFile, now time.Time) {
	s.endPass(f)
	if f.left > 0 {
		s.opts.Lost(s.name, f.left, "replaced before it was read to its end")
	}
	fresh := &packedFile{text: f.text, size: f.size, changed: now, rotated: f.rotated}
	g := &fresh.text
	g.offset, g.gap, g.head, g.before, g.saved = 0, 0, nil, nil, pipeline.Place{}
	g.ledger = pipeline.NewLedger(0)
	f.text.file, f.text.gone = nil, true
	f.text.ledger.SetRisk(pipeline.Unlinked)
	fresh.learnHead()
	s.opts.Shelf.release(f)
	s.opts.Shelf.hold(fresh, s)
	s.files = slices.Insert(s.files, slices.Index(s.files, f)+1, fresh)
}

// check follows the name when that is due.
func (s *Packed) check(now time.Time) {
	if wait := s.checkAt.Sub(now); wait > 0 && wait <= s.opts.CheckName {
		return
	}
	s.checkAt = now.Add(s.opts.CheckName)
	s.trouble = s.follow(now)
	for _, f := range s.files {
		if f.waits {
			s.claim(f)
		}
		if f.text.file == nil {
			continue
		}
		if info, err := f.text.file.Stat(); err == nil && isUnlinked(info) {
			f.text.unlinked = true
			f.text.ledger.SetRisk(pipeline.Unlinked)
		}
	}
	s.retire(now)
}

// follow takes up the file that has the name now.
func (s *Packed) follow(now time.Time) error {
	info, err := s.opts.disk.Stat(s.name)
	if err != nil && !isAbsent(err) {
		return err
	}
	var newest *packedFile
	if n := len(s.files); n > 0 {
		newest = s.files[n-1]
	}
	if err != nil {
		if s.absentAt.IsZero() {
			s.absentAt = now
		}
		newest.rotate()
		return nil
	}
	s.absentAt = time.Time{}
	has := func(f *packedFile) bool { return f.text.file != nil && f.text.id == idOf(info) }
	if newest != nil && has(newest) && !newest.offered {
		newest.rotated = false
		return nil
	}
	newest.rotate()
	if i := slices.IndexFunc(s.files, has); i >= 0 {
		f := s.files[i]
		s.files = slices.Delete(s.files, i, i+1)
		if s.opts.Shelf.takeBack(f) { // it has its name again
			f.rotated, f.offered = false, false
			s.files = append(s.files, f)
			return nil
		}
		f.text.close()
	}
	_, err = s.open(now)
	if isAbsent(err) {
		return nil
	}
	return err
}

func (f *packedFile) rotate() {
	if f != nil {
		f.rotated = true
	}
}

// isDone reports whether a file was read to its end and settled.
func (f *packedFile) isDone() bool {
	return f.text.gone && f.text.ledger.Unsettled() == 0 ||
		f.end != nil && f.pass == nil && f.text.ledger.Unsettled() == 0
}

// retire gives up the files that do not have the name any more, once they are read
// and settled. Those that have another name may have it in the same job: they are
// offered to the source of that.
func (s *Packed) retire(now time.Time) {
	stays := !s.absentAt.IsZero() && s.absentAt.Add(s.opts.Absent).After(now)
	if len(s.files) == 0 {
		return
	}
	newest := s.files[len(s.files)-1]
	s.files = slices.DeleteFunc(s.files, func(f *packedFile) bool {
		switch {
		case f.waits:
			if f.rotated { // it is another's
				f.text.close()
			}
			return f.rotated
		case !f.rotated && !f.text.gone, !f.isDone():
			return false
		}
		if isLinked := !f.text.gone && !f.text.unlinked; isLinked {
			if !f.offered && (!s.isQuiet(f, now) || s.hasChanged(f)) {
				return false
			}
			s.offer(f, now)
			if !s.opts.Shelf.isTaken(f) && !f.isOffered(now, s.opts.Absent) {
				return false
			}
		} else if f == newest && stays {
			return false
		}
		s.opts.Shelf.release(f)
		f.text.close()
		return true
	})
}

// isOffered reports whether a file was on the shelf for so long that nobody will
// want it.
func (f *packedFile) isOffered(now time.Time, long time.Duration) bool {
	return f.offered && !f.since.Add(long).After(now)
}

func (s *Packed) offer(f *packedFile, now time.Time) {
	if !f.offered {
		f.offered, f.since = true, now
		s.opts.Shelf.offer(f, s.place(f))
	}
}

// unread is how many packed bytes are there and not unpacked.
func (f *packedFile) unread() int64 {
	switch {
	case f.waits || f.text.file == nil || f.end != nil:
		return 0
	case f.pass != nil:
		return max(0, f.size-f.pass.packed.n)
	}
	return max(0, f.size)
}

// measure notes how much is not read yet.
func (s *Packed) measure(now time.Time) {
	var lag int64
	risk, waits := pipeline.Repeatable, false
	for _, f := range s.files {
		n := f.unread()
		if f.pass != nil || f.end != nil {
			f.left = n
		}
		lag += n
		busy := n > 0 || f.pass != nil && f.pass.end == nil
		waits = waits || busy
		if f.text.unlinked && busy {
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
