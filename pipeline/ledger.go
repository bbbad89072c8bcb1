package pipeline

import (
	"math"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
)

// Risk says what a crash would do to lines that are read and not settled.
type Risk int32

// The risks, the least first.
const (
	// Repeatable lines are read again at the next start.
	Repeatable Risk = iota
	// Fleeting lines were read from what gives them once: a pipe.
	Fleeting
	// Unlinked lines are in no file that has a name: they are written to disk
	// at once.
	Unlinked
)

// Ledger keeps the ranges of one source generation that were read and are not
// settled: held by a join, waiting in a batch, or in flight. A range is settled
// when every client acknowledged it, or it was dropped for a counted reason.
//
// The position is the lowest start of an unsettled range; it moves for nothing
// else. One high-water mark would be wrong: entries of one file travel in
// several streams and are acknowledged in any order.
//
// A Ledger is safe for concurrent use.
type Ledger struct {
	mu      sync.Mutex
	open    []span // sorted, disjoint
	spare   []span // memory of cutLocked
	opening []hold // first pieces of settled entries that others lie within
	readEnd int64
	readAt  Mark // the mark at readEnd, as far as it is settled
	begun   bool
	bytes   int64
	waiting []waiting
	notes   Notes
	noted   int64 // up to here lines have a read time in notes

	risk     atomic.Int32
	restored Notes // what Restored returns
}

// waiting is a hold of a later ledger that is settled when this one's position
// has come to end: an entry of both must not be read again in part.
type waiting struct {
	end  int64
	hold hold
}

type span struct {
	Range
	before Mark // the source's mark at Range.Start
}

// hold is a piece that a batch holds until it is settled. The first piece of
// an entry that others lie within has until: the end of the whole entry. The
// first piece of an entry in a second ledger has before, its last piece in the
// ledger that came before.
type hold struct {
	Piece
	until  int64
	before *Piece
}

// NewLedger starts a ledger at offset: everything before it is settled. Its
// mark there is not known before Begin.
func NewLedger(offset int64) *Ledger { return &Ledger{readEnd: offset} }

// RestoreLedger starts a ledger at a saved place, with the mark and the notes
// saved for it. A zero mark was saved before any entry was made, so it is not
// known.
func RestoreLedger(p Place) *Ledger {
	l := &Ledger{readEnd: p.Offset, readAt: p.Mark, notes: p.Notes.clone(), restored: p.Notes.clone()}
	for _, t := range p.Times {
		l.noted = max(l.noted, t.To)
	}
	return l
}

// SetRisk says what a crash would do to what is read and not settled.
func (l *Ledger) SetRisk(r Risk) { l.risk.Store(int32(r)) }

// Risk returns what SetRisk was told last, Repeatable without.
func (l *Ledger) Risk() Risk { return Risk(l.risk.Load()) }

// Begin is called before an entry is made of the ledger's lines by whoever made
// no entry of them before, with the mark of the entry before it. It returns the
// mark to go on with: a restored ledger's own the first time, else the same.
func (l *Ledger) Begin(mark Mark) Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.begun:
	case l.readAt != Mark{}:
		mark = l.readAt
	default:
		l.readAt = mark
		if len(l.open) > 0 {
			l.open[0].before = mark
		}
	}
	l.begun = true
	return mark
}

// Read notes that the source was read up to end.
func (l *Ledger) Read(end int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end <= l.readEnd {
		return
	}
	r := Range{l.readEnd, end}
	l.readEnd = end
	l.bytes += r.Len()
	if n := len(l.open); n > 0 && l.open[n-1].End == r.Start {
		l.open[n-1].End = end
		return
	}
	l.open = append(l.open, span{r, l.readAt})
}

// Settle removes r from what is unsettled; after is the mark behind r.
// Settling what is not open changes nothing.
func (l *Ledger) Settle(r Range, after Mark) {
	l.settle([]hold{{Piece: Piece{l, r, after}}})
}

// Settle settles the pieces of one entry that is not sent.
func Settle(pieces []Piece) { settleHolds(appendHolds(nil, pieces)) }

// appendHolds adds an entry's pieces to those of the entries before it. Pieces
// that follow one another in a source become one.
func appendHolds(dst []hold, pieces []Piece) []hold {
	for i, p := range pieces {
		h := hold{Piece: p}
		if i == 0 || pieces[i-1].Ledger != p.Ledger {
			h.until = endAroundOthers(pieces[i:])
		}
		if i > 0 && pieces[i-1].Ledger != p.Ledger {
			before := pieces[i-1]
			h.before = &before
		}
		if n := len(dst); n > 0 && h.isPlain() && dst[n-1].isPlain() && dst[n-1].meets(p) {
			dst[n-1].Range.End, dst[n-1].After = p.Range.End, p.After
			continue
		}
		dst = append(dst, h)
	}
	return dst
}

func (h *hold) isPlain() bool { return h.until == 0 && h.before == nil }

func (h *hold) meets(p Piece) bool { return h.Ledger == p.Ledger && h.Range.End == p.Range.Start }

// endAroundOthers returns where the entry of pieces ends in the ledger of the
// first one, if something else lies between its pieces there, else 0.
func endAroundOthers(pieces []Piece) int64 {
	end, gap := pieces[0].Range.End, false
	for _, p := range pieces[1:] {
		if p.Ledger != pieces[0].Ledger {
			break
		}
		gap = gap || p.Range.Start != end
		end = p.Range.End
	}
	if !gap {
		return 0
	}
	return end
}

// settleHolds settles what a batch held, in as few calls as it has ledgers.
func settleHolds(holds []hold) {
	for len(holds) > 0 {
		if holds[0].waits() {
			holds = holds[1:]
			continue
		}
		n := 1
		for n < len(holds) && holds[n].before == nil && holds[n].Ledger == holds[0].Ledger && holds[n].Range.Start >= holds[n-1].Range.End {
			n++
		}
		holds[0].Ledger.settle(holds[:n])
		holds = holds[n:]
	}
}

// waits reports whether a hold has to wait for the ledger before its own, which
// settles it then.
func (h *hold) waits() bool {
	if h.before == nil {
		return false
	}
	l, end := h.before.Ledger, h.before.Range.End
	h.before = nil
	l.mu.Lock()
	defer l.mu.Unlock()
	if offset, _ := l.positionLocked(); offset >= end {
		return false
	}
	l.waiting = append(l.waiting, waiting{end, *h})
	return true
}

// settle settles holds of this ledger, which are sorted and disjoint, and what
// waited in it for that.
func (l *Ledger) settle(holds []hold) {
	l.mu.Lock()
	l.settleLocked(holds)
	due := l.dueLocked()
	l.mu.Unlock()
	settleHolds(due)
}

// dueLocked takes the holds whose wait is over.
func (l *Ledger) dueLocked() (due []hold) {
	if len(l.waiting) == 0 {
		return nil
	}
	offset, _ := l.positionLocked()
	l.waiting = slices.DeleteFunc(l.waiting, func(w waiting) bool {
		if w.end > offset {
			return false
		}
		due = append(due, w.hold)
		return true
	})
	return due
}

// settleLocked takes holds out of what is open.
//
// An entry that others lie within cannot be read again in part: a start between
// its pieces would make another entry of the rest. So its first piece stays
// open until the position can move past the whole entry.
func (l *Ledger) settleLocked(holds []hold) {
	l.cutLocked(holds)
	for _, h := range holds {
		if h.until > 0 {
			l.opening = append(l.opening, h)
		}
	}
	if len(l.opening) == 0 {
		return
	}
	floor := l.floorLocked()
	kept := l.opening[:0]
	for _, h := range l.opening {
		if h.until > floor {
			kept = append(kept, h)
			continue
		}
		h.until = 0
		l.cutLocked([]hold{h})
	}
	l.opening = kept
}

// cutLocked takes holds, but for those with until, out of the open spans.
func (l *Ledger) cutLocked(holds []hold) {
	last := holds[len(holds)-1]
	if last.Range.End >= l.readEnd {
		l.readAt = last.After
	}
	first := sort.Search(len(l.open), func(i int) bool { return l.open[i].End > holds[0].Range.Start })
	end, rest := first, l.spare[:0]
	for ; end < len(l.open) && l.open[end].Start < last.Range.End; end++ {
		s := l.open[end]
		for len(holds) > 0 && holds[0].Range.Start < s.End {
			h := holds[0]
			if h.until == 0 && h.Range.End > s.Start {
				rest = l.cutSpanLocked(rest, &s, h)
			}
			if h.Range.End > s.End {
				break // it goes on in the next span
			}
			holds = holds[1:]
		}
		if s.Len() > 0 {
			rest = append(rest, s)
		}
	}
	l.open = slices.Replace(l.open, first, end, rest...)
	l.spare = rest
}

// cutSpanLocked takes h out of s: what lies before h is added to dst, and s
// becomes what lies behind it.
func (l *Ledger) cutSpanLocked(dst []span, s *span, h hold) []span {
	cut := Range{max(s.Start, h.Range.Start), min(s.End, h.Range.End)}
	l.bytes -= cut.Len()
	if cut.Start > s.Start {
		dst = append(dst, span{Range{s.Start, cut.Start}, s.before})
	}
	s.Start, s.before = cut.End, h.After
	return dst
}

// floorLocked is how far the position may move: the lowest byte that is not
// settled, or the start of an entry that reaches over it.
func (l *Ledger) floorLocked() int64 {
	floor := l.lowestLocked()
	for moved := true; moved; {
		moved = false
		for _, h := range l.opening {
			if h.Range.Start < floor && floor < h.until {
				floor, moved = h.Range.Start, true
			}
		}
	}
	return floor
}

// lowestLocked returns the lowest byte that is open for its own sake, not as
// the first piece of a settled entry.
func (l *Ledger) lowestLocked() int64 {
	for _, s := range l.open {
		at := s.Start
		for at < s.End {
			i := slices.IndexFunc(l.opening, func(h hold) bool { return h.Range.Start <= at && at < h.Range.End })
			if i < 0 {
				return at
			}
			at = l.opening[i].Range.End
		}
	}
	return math.MaxInt64
}

// Position returns the lowest byte that is not settled, and the source's mark
// there: what a new start has to begin with.
func (l *Ledger) Position() (offset int64, before Mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.positionLocked()
}

func (l *Ledger) positionLocked() (offset int64, before Mark) {
	if len(l.open) == 0 {
		return l.readEnd, l.readAt
	}
	return l.open[0].Start, l.open[0].before
}

// Unsettled returns how many bytes were read and are not settled.
func (l *Ledger) Unsettled() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}

// End returns how far the source was read.
func (l *Ledger) End() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readEnd
}
