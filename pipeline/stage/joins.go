package stage

import (
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/traceback"
)

// maxJoined bounds the bytes of a joined entry; a longer one is sent in pieces.
// keptJoined is how much memory a label set keeps between two entries.
const (
	maxJoined  = 4 << 20
	keptJoined = 64 << 10
)

// joining is the part of a step that joins lines which does not change: where
// each feed has its state, and with which step a joined record goes on.
type joining struct{ state, next int }

func (c *compiler) joining() joining {
	c.p.states++
	return joining{c.p.states - 1, len(c.p.steps) + 1}
}

// joins is a feed's state of a step that joins lines: one open entry for each
// label set, as the lines of two streams interleave in one file.
type joins struct {
	step  int // the number of the join
	next  int
	wait  time.Duration // an entry that gets no line for so long is complete
	byKey map[string]*joined
	open  []*joined // oldest first
	out   record    // the joined record on its way
}

// joined is the open entry of a label set, or what is left of the last one.
type joined struct {
	first  heldRecord // the entry's time, labels and values are its first line's
	begun  bool       // there was a first line
	open   bool
	noted  bool // a note says where it, or a part of it, ends
	text   []byte
	pieces []pipeline.Piece
	lines  int
	last   time.Time      // when its last line came
	end    pipeline.Piece // of its last line

	joiner traceback.Joiner // of the tracebacks stage
}

// of returns the feed's state of the step, and in it the entry for r's labels.
func (s joining) of(f *Feed, r *record, wait time.Duration) (*joins, *joined) {
	return s.at(f, f.labelKey(r), wait)
}

// at is of for a key of the caller's.
func (s joining) at(f *Feed, key []byte, wait time.Duration) (*joins, *joined) {
	all := f.joins[s.state]
	if all == nil {
		all = &joins{step: s.state, next: s.next, wait: wait, byKey: map[string]*joined{}}
		f.joins[s.state] = all
	}
	j := all.byKey[string(key)]
	if j == nil {
		all.forget()
		j = &joined{}
		all.byKey[string(key)] = j
	}
	return all, j
}

// forget makes room for another label set.
func (s *joins) forget() {
	if len(s.byKey) < maxLabelSets {
		return
	}
	for key, j := range s.byKey {
		if !j.open {
			delete(s.byKey, key)
		}
	}
}

// begin opens an entry whose first line is r.
func (s *joins) begin(f *Feed, j *joined, r *record) {
	j.first.hold(r)
	j.begun = true
	s.resume(f, j, r)
}

// resume opens an entry that has r's line, and the rest of the first line
// before it.
func (s *joins) resume(f *Feed, j *joined, r *record) {
	j.open, j.noted, j.lines, j.last = true, r.noted, 1, f.now
	j.text = append(j.text[:0], r.line...)
	j.pieces = append(j.pieces[:0], r.pieces...)
	j.end = r.pieces[len(r.pieces)-1]
	s.open = append(s.open, j)
}

// repeat ends the entry whose last line ends at offset, as a clock did before.
func (s *joins) repeat(f *Feed, offset int64) {
	i := slices.IndexFunc(s.open, func(j *joined) bool { return j.end.Ledger == f.ledger && j.end.Range.End == offset })
	if i >= 0 {
		s.cut(f, s.open[i])
	}
}

// cut ends an entry because a clock says so.
func (s *joins) cut(f *Feed, j *joined) {
	j.noted = true
	s.release(f, j)
	j.joiner.Reset()
}

// add joins r's line behind sep.
func (j *joined) add(f *Feed, sep string, r *record) {
	j.text = append(append(j.text, sep...), r.line...)
	for _, p := range r.pieces {
		j.cover(p)
	}
	j.end = r.pieces[len(r.pieces)-1]
	j.noted = j.noted || r.noted
	j.lines++
	j.last = f.now
}

// cover notes that the entry was made from one more piece.
func (j *joined) cover(p pipeline.Piece) { j.pieces = cover(j.pieces, p) }

// cover adds a piece to those of an entry. It comes behind the others, unless
// another join held it meanwhile under other labels; the pieces of a ledger are
// kept together and in their order.
func cover(pieces []pipeline.Piece, p pipeline.Piece) []pipeline.Piece {
	at := len(pieces)
	for at > 0 && pieces[at-1].Ledger != p.Ledger {
		at--
	}
	if at == 0 {
		at = len(pieces) // the first of its ledger
	}
	for at > 0 && pieces[at-1].Ledger == p.Ledger && pieces[at-1].Range.Start > p.Range.Start {
		at--
	}
	if at > 0 {
		last := &pieces[at-1]
		if last.Ledger == p.Ledger && last.Range.End == p.Range.Start {
			last.Range.End, last.After = p.Range.End, p.After
			return pieces
		}
	}
	return slices.Insert(pieces, at, p)
}

// full reports whether the entry takes no more; lines of 0 is no limit.
func (j *joined) full(lines int) bool {
	return lines > 0 && j.lines >= lines || len(j.text) >= maxJoined
}

// release sends an open entry on.
func (s *joins) release(f *Feed, j *joined) {
	if !j.open {
		return
	}
	j.open = false
	i := slices.Index(s.open, j)
	s.open = slices.Delete(s.open, i, i+1)
	s.out.assign(&j.first.record)
	s.out.line, s.out.noted = j.text, j.noted
	s.out.pieces = append(s.out.pieces[:0], j.pieces...)
	f.run(&s.out, s.next)
	if cap(j.text) > keptJoined {
		j.text = nil
	}
}

// releaseAll sends all open entries on, the oldest first.
func (s *joins) releaseAll(f *Feed) {
	for len(s.open) > 0 {
		s.release(f, s.open[0])
	}
}

// flush releases what waited for too long, or everything, and returns when it
// has to be called next.
func (s *joins) flush(f *Feed, all bool) time.Time {
	if all {
		s.releaseAll(f)
		return time.Time{}
	}
	var due time.Time
	for i := 0; i < len(s.open); {
		j := s.open[i]
		at := j.last.Add(s.wait)
		switch {
		case f.isDueLater(j.end, s.step):
			i++
		case at.After(f.now):
			due = earliest(due, at)
			i++
		default:
			f.noteCut(j.end, s.step)
			s.cut(f, j)
		}
	}
	return due
}

// stop releases the entries of lines that cannot be read again.
func (s *joins) stop(f *Feed) {
	for _, j := range slices.Clone(s.open) {
		if bearsRisk(j.pieces) {
			s.release(f, j)
		}
	}
}
