package pipeline

import "sync"

// Arena sizes. A quiet stream's batch fits into a small one; a batch that
// outgrows it moves once to a large one.
const (
	smallArena = 16 << 10
	largeArena = 1<<20 + 64<<10
)

// Budget bounds the memory of lines in flight: open batches, batches that wait
// and batches that are being sent. When it is used up, reading waits. It may be
// exceeded by one block for each worker, never by more.
//
// A Budget is safe for concurrent use.
type Budget struct {
	limit int64

	mu    sync.Mutex
	used  int64
	peak  int64
	small [][]byte
	large [][]byte
	freed chan struct{} // holds a token after memory was given back
}

// NewBudget returns a budget of limit bytes.
func NewBudget(limit int64) *Budget {
	return &Budget{limit: limit, freed: make(chan struct{}, 1)}
}

// Admits reports whether a source that holds unsettled bytes may read another
// block. No source holds more than an eighth of the budget while the rest of
// it is in use.
func (b *Budget) Admits(unsettled int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used >= b.limit {
		return false
	}
	return unsettled < b.limit/8 || b.used < b.limit/2
}

// Used returns the bytes in flight now and the most there have been.
func (b *Budget) Used() (now, peak int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used, b.peak
}

// Limit returns the size of the budget in bytes.
func (b *Budget) Limit() int64 { return b.limit }

// Freed yields after memory was given back.
func (b *Budget) Freed() <-chan struct{} { return b.freed }

// take returns an empty arena of at least size bytes.
func (b *Budget) take(size int) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	var arena []byte
	switch {
	case size <= smallArena:
		arena, b.small = pop(b.small, smallArena)
	case size <= largeArena:
		arena, b.large = pop(b.large, largeArena)
	default:
		arena = make([]byte, 0, size)
	}
	b.used += int64(cap(arena))
	b.peak = max(b.peak, b.used)
	return arena
}

// give takes an arena back.
func (b *Budget) give(arena []byte) {
	b.mu.Lock()
	b.used -= int64(cap(arena))
	switch cap(arena) {
	case smallArena:
		b.small = append(b.small, arena[:0])
	case largeArena:
		b.large = append(b.large, arena[:0])
	}
	b.mu.Unlock()
	select {
	case b.freed <- struct{}{}:
	default:
	}
}

func (b *Budget) recycle(batch *Batch) {
	b.give(batch.arena)
	batch.arena = nil
}

func pop(free [][]byte, size int) ([]byte, [][]byte) {
	if n := len(free); n > 0 {
		return free[n-1], free[:n-1]
	}
	return make([]byte, 0, size), free
}
