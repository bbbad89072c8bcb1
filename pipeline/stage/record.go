package stage

import "github.com/tovtech/tovplay-logging/pipeline"

// value is an extracted value or a label. Text is valid until the record is
// done with, or for ever if it belongs to the program.
type value struct {
	state valueState
	text  []byte
}

type valueState uint8

const (
	absent  valueState = iota
	present            // text counts
	null               // extracted, but null: no text can be made of it
	removed            // a label that a stage dropped
)

func text(b []byte) value { return value{present, b} }

// record is one entry on its way through the steps.
type record struct {
	line   []byte
	time   int64 // unix nanoseconds, 0 as long as no time is known
	slots  []value
	labels []value
	allow  []*labelAllow // labelallow stages that were passed
	meta   []pipeline.Field
	pieces []pipeline.Piece
}

// cover notes that the record was made from one more line.
func (r *record) cover(l *pipeline.Ledger, rg pipeline.Range) {
	if n := len(r.pieces); n > 0 {
		last := &r.pieces[n-1]
		if last.Ledger == l && last.Range.End == rg.Start {
			last.Range.End = rg.End
			return
		}
	}
	r.pieces = append(r.pieces, pipeline.Piece{Ledger: l, Range: rg})
}

// keep makes dst a deep copy of r, in dst's own memory.
func (r *record) keep(dst *heldRecord) {
	dst.arena = dst.arena[:0]
	need := len(r.line)
	for _, v := range r.slots {
		need += len(v.text)
	}
	for _, v := range r.labels {
		need += len(v.text)
	}
	for _, m := range r.meta {
		need += len(m.Value)
	}
	if cap(dst.arena) < need {
		dst.arena = make([]byte, 0, 2*need)
	}
	dst.time = r.time
	dst.slots = dst.copyValues(dst.slots[:0], r.slots)
	dst.labels = dst.copyValues(dst.labels[:0], r.labels)
	dst.allow = append(dst.allow[:0], r.allow...)
	dst.meta = dst.meta[:0]
	for _, m := range r.meta {
		dst.meta = append(dst.meta, pipeline.Field{Name: m.Name, Value: dst.copy(m.Value)})
	}
	dst.pieces = append(dst.pieces[:0], r.pieces...)
	dst.text = append(dst.text[:0], r.line...)
}

// heldRecord is a record that outlives the block it was read from.
type heldRecord struct {
	record
	arena []byte // slots, labels and meta; never grows, so views stay valid
	text  []byte // the line, which joins append to
}

func (h *heldRecord) copy(b []byte) []byte {
	off := len(h.arena)
	h.arena = append(h.arena, b...)
	return h.arena[off:len(h.arena):len(h.arena)]
}

func (h *heldRecord) copyValues(dst, src []value) []value {
	for _, v := range src {
		if v.state == present {
			v.text = h.copy(v.text)
		}
		dst = append(dst, v)
	}
	return dst
}

// join appends another record's line behind sep.
func (h *heldRecord) join(sep string, r *record) {
	h.text = append(append(h.text, sep...), r.line...)
	for _, p := range r.pieces {
		h.cover(p.Ledger, p.Range)
	}
}

// whole is the record with all that was joined.
func (h *heldRecord) whole() *record {
	h.line = h.text
	return &h.record
}
