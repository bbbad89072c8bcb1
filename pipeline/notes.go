package pipeline

import (
	"slices"
	"sort"
)

// Notes are what a second reading of unsettled lines could not find out again:
// when the first one was, and where it let an entry end because a clock said so.
// They are saved before what depends on them is sent, so that lines that are
// read again come out identical, and Loki shows them once.
type Notes struct {
	Times []ReadTime `json:"times,omitempty"` // sorted, disjoint
	Cuts  []Cut      `json:"cuts,omitempty"`  // in the order in which they happened
	// Latest is the latest read time that was given to a line before them.
	Latest int64 `json:"latest,omitempty"`
}

// ReadTime is the time at which the lines of [From, To) were read. Those of them
// that have no time of their own got it, with the nanoseconds of Mark added.
type ReadTime struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	Time int64 `json:"time"` // unix nanoseconds
}

// Cut is an end of an entry that a clock forced. A rate limit also notes so at
// which line it began to hold lines back.
type Cut struct {
	At   int64 `json:"at"`   // the end of the entry's last line
	Step int   `json:"step"` // the number of the step that joined it
	// Read is how far the source was read when it happened: what was sent before
	// it, and so the nanoseconds of equal times, depends on that.
	Read int64 `json:"read"`
}

func (n Notes) clone() Notes {
	return Notes{Times: slices.Clone(n.Times), Cuts: slices.Clone(n.Cuts), Latest: n.Latest}
}

// TimeAt returns when the line that begins at offset was read, and up to where
// that holds; 0 if it is not noted.
func (n *Notes) TimeAt(offset int64) (time, until int64) {
	i := sort.Search(len(n.Times), func(i int) bool { return n.Times[i].To > offset })
	if i == len(n.Times) || n.Times[i].From > offset {
		return 0, 0
	}
	return n.Times[i].Time, n.Times[i].To
}

// IsCut reports whether an entry of a step ended behind the line that ends at
// offset.
func (n *Notes) IsCut(offset int64, step int) bool {
	return slices.ContainsFunc(n.Cuts, func(c Cut) bool { return c.At == offset && c.Step == step })
}

// Restored returns the notes that the ledger was restored with. The caller must
// not change them.
func (l *Ledger) Restored() *Notes { return &l.restored }

// NoteTime notes that what was read from offset on, up to the end of what was
// read so far, was read at a time. It returns that end.
func (l *Ledger) NoteTime(offset, time int64) (until int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := max(offset, l.noted)
	l.noted = max(l.noted, l.readEnd)
	if n := len(l.notes.Times); n > 0 && l.notes.Times[n-1].Time == time && l.notes.Times[n-1].To == from {
		l.notes.Times[n-1].To = l.noted
	} else if from < l.noted {
		l.notes.Times = append(l.notes.Times, ReadTime{from, l.noted, time})
	}
	return l.noted
}

// NoteCut notes an end of an entry that a clock forced.
func (l *Ledger) NoteCut(c Cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.notes.IsCut(c.At, c.Step) {
		l.notes.Cuts = append(l.notes.Cuts, c)
	}
}

// Notes returns a copy of the notes that count for a reading from offset on,
// and forgets the others.
func (l *Ledger) Notes(offset int64) Notes {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes.Times = slices.DeleteFunc(l.notes.Times, func(t ReadTime) bool {
		if t.From < offset {
			l.notes.Latest = max(l.notes.Latest, t.Time)
		}
		return t.To <= offset
	})
	l.notes.Cuts = slices.DeleteFunc(l.notes.Cuts, func(c Cut) bool { return c.At <= offset })
	return l.notes.clone()
}
