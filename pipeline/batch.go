package pipeline

import "sync/atomic"

// The protobuf framing of one entry: tags, lengths and the timestamp. An upper
// bound, so that a batch of Limits.BatchBytes is never larger on the wire.
const (
	entryOverhead = 32
	fieldOverhead = 12
)

// Batch holds entries of one stream in the order in which they are to be sent.
// It owns its bytes. Its outbox is its only owner until it is sealed; from then
// on it is read-only and counted by reference, one for each client.
type Batch struct {
	Stream *Stream

	arena   []byte
	entries []entryRef
	fields  []fieldRef
	pieces  []Piece
	encoded int // upper bound of the encoded size in bytes
	opened  int64

	refs   atomic.Int32
	budget *Budget
}

type entryRef struct {
	time        int64
	line        textRef
	field, nfld int32
}

type fieldRef struct {
	name  string
	value textRef
}

type textRef struct{ off, len int32 }

// Len is the number of entries.
func (b *Batch) Len() int { return len(b.entries) }

// Encoded is an upper bound of the batch's size on the wire before compression.
func (b *Batch) Encoded() int { return b.encoded }

// Line returns the text of entry i, valid until the last Done.
func (b *Batch) Line(i int) []byte { return b.text(b.entries[i].line) }

// Time returns the time of entry i in unix nanoseconds.
func (b *Batch) Time(i int) int64 { return b.entries[i].time }

// Fields returns how many fields of structured metadata entry i has.
func (b *Batch) Fields(i int) int { return int(b.entries[i].nfld) }

// Field returns field k of entry i; the value is valid until the last Done.
func (b *Batch) Field(i, k int) (name string, value []byte) {
	f := b.fields[int(b.entries[i].field)+k]
	return f.name, b.text(f.value)
}

func (b *Batch) text(t textRef) []byte { return b.arena[t.off : t.off+t.len] }

// Done gives back one reference. The last one settles the ranges that the
// batch holds and frees its memory.
func (b *Batch) Done() {
	if b.refs.Add(-1) > 0 {
		return
	}
	for _, p := range b.pieces {
		p.Ledger.Settle(p.Range, p.After)
	}
	b.budget.recycle(b)
}

// fits reports whether an entry fits into the arena that the batch has.
func (b *Batch) fits(e *Entry) bool {
	need := len(e.Line)
	for _, f := range e.Meta {
		need += len(f.Value)
	}
	return len(b.arena)+need <= cap(b.arena)
}

// add copies an entry into the batch.
func (b *Batch) add(e *Entry) {
	ref := entryRef{time: e.Time, line: b.copy(e.Line), field: int32(len(b.fields)), nfld: int32(len(e.Meta))}
	for _, f := range e.Meta {
		b.fields = append(b.fields, fieldRef{f.Name, b.copy(f.Value)})
	}
	b.entries = append(b.entries, ref)
	b.encoded += encodedSize(e)
	for _, p := range e.Pieces {
		b.hold(p)
	}
}

func (b *Batch) copy(text []byte) textRef {
	off := len(b.arena)
	b.arena = append(b.arena, text...)
	return textRef{int32(off), int32(len(text))}
}

// hold remembers a piece; pieces that follow one another in a source are one.
func (b *Batch) hold(p Piece) {
	if n := len(b.pieces); n > 0 {
		last := &b.pieces[n-1]
		if last.Ledger == p.Ledger && last.Range.End == p.Range.Start {
			last.Range.End, last.After = p.Range.End, p.After
			return
		}
	}
	b.pieces = append(b.pieces, p)
}

func encodedSize(e *Entry) int {
	n := entryOverhead + len(e.Line)
	for _, f := range e.Meta {
		n += fieldOverhead + len(f.Name) + len(f.Value)
	}
	return n
}
