package pipeline

import (
	"sync/atomic"
	"time"
)

// The protobuf framing of one entry: tags, lengths and the timestamp. An upper
// bound for texts below 2 MiB, so that a batch of Limits.BatchBytes is never
// larger on the wire.
const (
	entryOverhead  = 32
	fieldOverhead  = 12
	streamOverhead = 16
)

// Batch holds entries of one stream in the order in which they are to be sent.
// It owns its bytes. Its outbox is its only owner until it is sealed; from then
// on it is read-only and counted by reference, one for each client. It is used
// again after the last Done.
type Batch struct {
	Stream *Stream

	arena   []byte
	entries []entryRef
	fields  []fieldRef
	holds   []hold
	encoded int // upper bound of the encoded size in bytes
	noted   bool
	opened  time.Time

	refs   atomic.Int32
	budget *Budget
	class  int
	sealed bool // handed on
}

type entryRef struct {
	time     int64
	line     textRef
	field    int32
	nfld     int16
	readTime bool
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

// Memory is how many bytes of the budget the batch takes.
func (b *Batch) Memory() int64 { return b.capacity().memory() }

// Line returns the text of entry i, valid until Done.
func (b *Batch) Line(i int) []byte { return b.text(b.entries[i].line) }

// Time returns the time of entry i in unix nanoseconds.
func (b *Batch) Time(i int) int64 { return b.entries[i].time }

// IsReadTime reports whether entry i has no time of its own, but that of its
// reading.
func (b *Batch) IsReadTime(i int) bool { return b.entries[i].readTime }

// IsNoted reports whether the notes of the batch's ledgers have to be saved
// before it is sent.
func (b *Batch) IsNoted() bool { return b.noted }

// Risk returns the highest risk of what the batch holds.
func (b *Batch) Risk() Risk {
	risk := Repeatable
	for i := range b.holds {
		risk = max(risk, b.holds[i].Ledger.Risk())
	}
	return risk
}

// Fields returns how many fields of structured metadata entry i has.
func (b *Batch) Fields(i int) int { return int(b.entries[i].nfld) }

// Field returns field k of entry i; the value is valid until Done.
func (b *Batch) Field(i, k int) (name string, value []byte) {
	f := b.fields[int(b.entries[i].field)+k]
	return f.name, b.text(f.value)
}

func (b *Batch) text(t textRef) []byte { return b.arena[t.off : t.off+t.len] }

// Retain adds n references. Call it before the batch has its first owner besides
// the caller.
func (b *Batch) Retain(n int) { b.refs.Add(int32(n)) }

// Done gives back one reference; the batch must not be used by its owner from
// then on. The last one settles the ranges that the batch holds and frees its
// memory. More calls than references panic: they would settle what was not sent.
func (b *Batch) Done() {
	left := b.refs.Add(-1)
	if left > 0 {
		return
	}
	if left < 0 {
		panic("pipeline: Done was called for a batch more often than it has references")
	}
	settleHolds(b.holds)
	if b.budget != nil {
		b.budget.give(b)
	}
}

// room is what entries take up in a batch.
type room struct{ text, entries, fields, holds int }

// roomFor returns what e takes up.
func roomFor(e *Entry) room {
	r := room{text: len(e.Line), entries: 1, fields: len(e.Meta), holds: len(e.Pieces)}
	for _, f := range e.Meta {
		r.text += len(f.Value)
	}
	return r
}

// roomWith returns what the batch takes up with r added.
func (b *Batch) roomWith(r room) room {
	return room{
		text: len(b.arena) + r.text, entries: len(b.entries) + r.entries,
		fields: len(b.fields) + r.fields, holds: len(b.holds) + r.holds,
	}
}

func (b *Batch) has(r room) bool {
	return r.text <= cap(b.arena) && r.entries <= cap(b.entries) &&
		r.fields <= cap(b.fields) && r.holds <= cap(b.holds)
}

// add copies an entry into the batch, which has room for it.
func (b *Batch) add(e *Entry) {
	ref := entryRef{
		time: e.Time, line: b.copy(e.Line), field: int32(len(b.fields)), nfld: int16(len(e.Meta)), readTime: e.ReadTime,
	}
	b.noted = b.noted || e.Noted
	for _, f := range e.Meta {
		b.fields = append(b.fields, fieldRef{f.Name, b.copy(f.Value)})
	}
	b.entries = append(b.entries, ref)
	b.encoded += encodedSize(e)
	b.holds = appendHolds(b.holds, e.Pieces)
}

func (b *Batch) copy(text []byte) textRef {
	off := len(b.arena)
	b.arena = append(b.arena, text...)
	return textRef{int32(off), int32(len(text))}
}

// moveTo makes to, which is empty and has room for it, what b was.
func (b *Batch) moveTo(to *Batch) {
	to.Stream, to.encoded, to.noted, to.opened = b.Stream, b.encoded, b.noted, b.opened
	to.arena = append(to.arena, b.arena...)
	to.entries = append(to.entries, b.entries...)
	to.fields = append(to.fields, b.fields...)
	to.holds = append(to.holds, b.holds...)
	to.refs.Store(b.refs.Load())
}

// clear empties the batch and keeps its memory.
func (b *Batch) clear() {
	clear(b.fields) // names and ledgers must not be kept alive
	clear(b.holds)
	b.Stream, b.encoded, b.noted, b.sealed = nil, 0, false, false
	b.arena, b.entries, b.fields, b.holds = b.arena[:0], b.entries[:0], b.fields[:0], b.holds[:0]
}

func encodedSize(e *Entry) int {
	n := entryOverhead + len(e.Line)
	for _, f := range e.Meta {
		n += fieldOverhead + len(f.Name) + len(f.Value)
	}
	return n
}
