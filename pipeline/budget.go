package pipeline

import (
	"sync"
	"unsafe"
)

// Batches come in classes, each with room for four times as much as the one
// before: text of 4 KiB, 16 KiB, 64 KiB, 256 KiB and 1 MiB. The open batch of a
// quiet stream is small; one that outgrows its class moves to the next.
const (
	classes   = 5
	ownClass  = classes // of a batch made for one entry larger than any class
	firstText = 4 << 10
)

// roomOf returns what fits into a batch of a class: entries of 96 bytes, a
// field for each 64, and a piece for each 192, before something else than the
// text runs out.
func roomOf(class int) room {
	text := firstText << (2 * class)
	return room{text: text, entries: text / 96, fields: text / 64, holds: text / 192}
}

// classFor returns the smallest class with room for r.
func classFor(r room) int {
	for class := range classes {
		has := roomOf(class)
		if r.text <= has.text && r.entries <= has.entries && r.fields <= has.fields && r.holds <= has.holds {
			return class
		}
	}
	return ownClass
}

// memory returns the bytes that a batch with room for r takes.
func (r room) memory() int64 {
	return int64(r.text) + int64(r.entries)*int64(unsafe.Sizeof(entryRef{})) +
		int64(r.fields)*int64(unsafe.Sizeof(fieldRef{})) + int64(r.holds)*int64(unsafe.Sizeof(hold{}))
}

// Budget bounds the memory of lines in flight: open batches, batches that wait
// and batches that are being sent. When it is used up, reading waits. It may be
// exceeded by what one block of each worker becomes, never by more. A sixteenth
// is kept for lines that cannot wait.
//
// A Budget is safe for concurrent use.
type Budget struct {
	limit int64

	mu    sync.Mutex
	used  int64
	peak  int64
	sent  int64 // bytes of used that were handed on
	spare int64 // bytes in free
	free  [classes][]*Batch
	freed chan struct{} // closed when memory was given back, nil if nobody asked
}

// NewBudget returns a budget of limit bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// Admits reports whether a source may read another block: unsettled is how many
// bytes it holds, total how many all sources hold. Half of the memory is for
// whoever comes first; of the rest a source may have no more than brings it to
// an eighth. What a source's bytes take in memory (many times as much for short
// lines) is reckoned by its share of all bytes.
func (b *Budget) Admits(unsettled int64, total func() int64) bool {
	used, _ := b.Used()
	switch {
	case used >= b.limit-b.limit/16:
		return false
	case used < b.limit/2, unsettled == 0:
		return true
	}
	share := float64(unsettled) / float64(max(unsettled, total()))
	return share*float64(used) < float64(b.limit/8)
}

// AdmitsPressing reports whether a source may read another block whose lines
// cannot wait.
func (b *Budget) AdmitsPressing() bool {
	used, _ := b.Used()
	return used < b.limit
}

// Used returns the bytes in flight now and the most there have been.
func (b *Budget) Used() (now, peak int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used, b.peak
}

// Limit returns the size of the budget in bytes.
func (b *Budget) Limit() int64 { return b.limit }

// handOn notes that a batch is not open any more.
func (b *Budget) handOn(batch *Batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	batch.sealed = true
	b.sent += batch.capacity().memory()
}

// isInOpenBatches reports whether these hold more than half of the memory: then
// nobody but their outboxes can give it back.
func (b *Budget) isInOpenBatches() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used-b.sent > b.limit/2
}

// Freed returns a channel that is closed when memory is given back. Ask for it
// before Admits, so that nothing is missed in between.
func (b *Budget) Freed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.freed == nil {
		b.freed = make(chan struct{})
	}
	return b.freed
}

// take returns an empty batch with room for r.
func (b *Budget) take(r room) *Batch {
	class := classFor(r)
	if class != ownClass {
		r = roomOf(class)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += r.memory()
	b.peak = max(b.peak, b.used)
	if class == ownClass || len(b.free[class]) == 0 {
		b.trimLocked()
		return b.newBatch(class, r)
	}
	last := len(b.free[class]) - 1
	batch := b.free[class][last]
	b.free[class] = b.free[class][:last]
	b.spare -= r.memory()
	return batch
}

// trimLocked lets go of spare batches, the largest first, until all memory is
// within the limit or none is left.
func (b *Budget) trimLocked() {
	for class := classes - 1; class >= 0; class-- {
		for len(b.free[class]) > 0 && b.used+b.spare > b.limit {
			last := len(b.free[class]) - 1
			b.free[class][last] = nil
			b.free[class] = b.free[class][:last]
			b.spare -= roomOf(class).memory()
		}
	}
}

func (b *Budget) newBatch(class int, r room) *Batch {
	return &Batch{
		budget: b, class: class,
		arena: make([]byte, 0, r.text), entries: make([]entryRef, 0, r.entries),
		fields: make([]fieldRef, 0, r.fields), holds: make([]hold, 0, r.holds),
	}
}

// give takes a batch back. It is kept for later as long as all batches together
// are within the limit.
func (b *Budget) give(batch *Batch) {
	size := batch.capacity().memory()
	sealed := batch.sealed
	batch.clear()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= size
	if sealed {
		b.sent -= size
	}
	if batch.class != ownClass && b.used+b.spare+size <= b.limit {
		b.free[batch.class] = append(b.free[batch.class], batch)
		b.spare += size
	}
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

func (b *Batch) capacity() room {
	return room{text: cap(b.arena), entries: cap(b.entries), fields: cap(b.fields), holds: cap(b.holds)}
}
