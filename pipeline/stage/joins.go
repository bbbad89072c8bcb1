package stage

import (
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/traceback"
)

// joins is the state of a step that joins lines: one open entry for each label
// set, as the lines of two streams interleave in one file.
type joins struct {
	holding
	wait  time.Duration // an entry that gets no line for so long is complete
	byKey map[string]*joined
}

// joined is one open entry.
type joined struct {
	heldRecord
	open   bool
	lines  int
	last   time.Time         // when its last line came
	joiner *traceback.Joiner // of the tracebacks stage
}

// state returns the feed's state of a joining step.
func (h holding) joins(f *Feed, wait time.Duration) *joins {
	if f.holders[h.state] == nil {
		f.holders[h.state] = &joins{holding: h, wait: wait, byKey: map[string]*joined{}}
	}
	return f.holders[h.state].(*joins)
}

// of returns the entry for r's label set.
func (s *joins) of(f *Feed, r *record) *joined {
	f.key = appendKey(f.key[:0], r)
	j := s.byKey[string(f.key)]
	if j == nil {
		j = &joined{}
		s.byKey[string(f.key)] = j
	}
	return j
}

// begin opens an entry with a copy of r.
func (j *joined) begin(f *Feed, r *record) {
	r.keep(&j.heldRecord)
	j.open, j.lines, j.last = true, 1, f.now
}

// add joins r's line behind sep.
func (j *joined) add(f *Feed, sep string, r *record) {
	j.join(sep, r)
	j.lines++
	j.last = f.now
}

// release sends the open entry on.
func (s *joins) release(f *Feed, j *joined) {
	if !j.open {
		return
	}
	j.open = false
	f.run(j.whole(), s.next)
}

// flush implements holder.
func (s *joins) flush(f *Feed, now time.Time, all bool) time.Time {
	var due time.Time
	for _, j := range s.byKey {
		if !j.open {
			continue
		}
		at := j.last.Add(s.wait)
		if all || !at.After(now) {
			s.release(f, j)
			continue
		}
		due = earliest(due, at)
	}
	return due
}
