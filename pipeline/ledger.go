package pipeline

import (
	"math"
	"slices"
	"sort"
	"sync"
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
}

type span struct {
	Range
	before Mark // the source's mark at Range.Start
}

// hold is a piece that a batch holds until it is settled. The first piece of
// an entry that others lie within has until: the end of the whole entry.
type hold struct {
	Piece
	until int64
}

// NewLedger starts a ledger at offset: everything before it is settled. Its
// mark there is not known before Begin.
func NewLedger(offset int64) *Ledger { return &Ledger{readEnd: offset} }

// RestoreLedger starts a ledger at a saved offset with the mark saved for it.
// A zero mark was saved before any entry was made, so it is not known.
func RestoreLedger(offset int64, mark Mark) *Ledger {
	return &Ledger{readEnd: offset, readAt: mark}
}

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
		if n := len(dst); n > 0 && h.until == 0 && dst[n-1].until == 0 && dst[n-1].meets(p) {
			dst[n-1].Range.End, dst[n-1].After = p.Range.End, p.After
			continue
		}
		dst = append(dst, h)
	}
	return dst
}

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
		n := 1
		for n < len(holds) && holds[n].Ledger == holds[0].Ledger && holds[n].Range.Start >= holds[n-1].Range.End {
			n++
		}
		holds[0].Ledger.settle(holds[:n])
		holds = holds[n:]
	}
}

// settle settles holds of this ledger, which are sorted and disjoint.
//
// An entry that others lie within cannot be read again in part: a start between
// its pieces would make another entry of the rest. So its first piece stays
// open until the position can move past the whole entry.
func (l *Ledger) settle(holds []hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
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
