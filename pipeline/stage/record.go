package stage

import "github.com/tovtech/tovplay-logging/pipeline"

// value is an extracted value or a label. Text is valid until the record is
// done with, or for ever if it belongs to the program or the target.
type value struct {
	state valueState
	text  []byte
}

type valueState uint8

const (
	absent  valueState = iota
	present            // text counts
	null               // extracted, but null: no text can be made of it
)

func text(b []byte) value { return value{present, b} }

// record is one entry on its way through the steps.
type record struct {
	line   []byte
	time   int64   // unix nanoseconds
	added  int64   // nanoseconds that are added to it at least
	read   int64   // when its first line was read, if the program asks for it
	slots  []value // extracted values, by the number of their name
	labels []value // by the number of their name
	base   *base   // the labels that it began with, nil if it was dropped before
	others bool    // those of them that no stage names are still there
	meta   []pipeline.Field
	pieces []pipeline.Piece
	before pipeline.Mark // the source's when the first line was read
	offset int64         // where the first line begins in the source

	readTime bool // time is when the line was read
	noted    bool // a note says where it ends
}

// input is what a stage with an optional source works on.
func (r *record) input(source int) (in []byte, ok bool) {
	if source == wholeLine {
		return r.line, true
	}
	v := r.slots[source]
	return v.text, v.state == present
}

// assign makes r a copy of src. They share texts, but no slices: steps may
// change the one and leave the other.
func (r *record) assign(src *record) {
	slots, labels := append(r.slots[:0], src.slots...), append(r.labels[:0], src.labels...)
	meta, pieces := append(r.meta[:0], src.meta...), append(r.pieces[:0], src.pieces...)
	*r = *src
	r.slots, r.labels, r.meta, r.pieces = slots, labels, meta, pieces
}

// heldRecord is a record without its line that outlives the block it was read
// from: its texts are in memory of its own.
type heldRecord struct {
	record
	arena []byte
}

// hold makes h a deep copy of r.
func (h *heldRecord) hold(r *record) {
	h.assign(r)
	h.line = nil
	h.reserve()
	for i := range h.slots {
		h.own(&h.slots[i].text)
	}
	for i := range h.labels {
		h.own(&h.labels[i].text)
	}
	for i := range h.meta {
		h.own(&h.meta[i].Value)
	}
}

// reserve makes the arena large enough for all texts, so that it does not move
// under those that are in it already.
func (h *heldRecord) reserve() {
	need := 0
	for i := range h.slots {
		need += len(h.slots[i].text) + len(h.labels[i].text)
	}
	for i := range h.meta {
		need += len(h.meta[i].Value)
	}
	if cap(h.arena) < need {
		h.arena = make([]byte, 0, 2*need)
	}
	h.arena = h.arena[:0]
}

// own moves a text into the arena.
func (h *heldRecord) own(text *[]byte) {
	from := len(h.arena)
	h.arena = append(h.arena, *text...)
	*text = h.arena[from:len(h.arena):len(h.arena)]
}
