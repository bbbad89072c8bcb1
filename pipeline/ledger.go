package pipeline

import (
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
	readEnd int64
	readAt  Mark // the mark at readEnd, as far as it is settled
	start   startState
	bytes   int64
}

// startState says what is known of the mark at the ledger's start.
type startState uint8

const (
	startUnknown startState = iota
	startRestored
	startBegun
)

type span struct {
	Range
	before Mark // the source's mark at Range.Start
}

// NewLedger starts a ledger at offset: everything before it is settled. Its
// mark there is not known before Begin.
func NewLedger(offset int64) *Ledger { return &Ledger{readEnd: offset} }

// RestoreLedger starts a ledger at a saved offset with the mark saved for it.
func RestoreLedger(offset int64, mark Mark) *Ledger {
	return &Ledger{readEnd: offset, readAt: mark, start: startRestored}
}

// Begin is called before the first entry of the ledger is made, with the mark
// of the entry before it. It returns the mark to go on with: the saved one if
// the ledger was restored, else the same.
func (l *Ledger) Begin(mark Mark) Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.start {
	case startRestored:
		mark = l.readAt
		if len(l.open) > 0 {
			mark = l.open[0].before
		}
	case startUnknown:
		l.readAt = mark
		if len(l.open) > 0 {
			l.open[0].before = mark
		}
	}
	l.start = startBegun
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
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.End >= l.readEnd {
		l.readAt = after
	}
	i := sort.Search(len(l.open), func(i int) bool { return l.open[i].End > r.Start })
	for i < len(l.open) && l.open[i].Start < r.End {
		i = l.cutLocked(i, r, after)
	}
}

// cutLocked takes r out of open[i] and returns the index of the span that
// follows what was cut.
func (l *Ledger) cutLocked(i int, r Range, after Mark) int {
	s := &l.open[i]
	cut := Range{max(s.Start, r.Start), min(s.End, r.End)}
	l.bytes -= cut.Len()
	left, right := cut.Start > s.Start, cut.End < s.End
	switch {
	case left && right:
		rest := span{Range{cut.End, s.End}, after}
		s.End = cut.Start
		l.open = append(l.open, span{})
		copy(l.open[i+2:], l.open[i+1:])
		l.open[i+1] = rest
		return i + 2
	case left:
		s.End = cut.Start
		return i + 1
	case right:
		s.Start, s.before = cut.End, after
		return i + 1
	}
	l.open = append(l.open[:i], l.open[i+1:]...)
	return i
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
