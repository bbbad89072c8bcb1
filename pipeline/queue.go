package pipeline

import (
	"context"
	"sync"
)

// Queue lets a source that is handed its lines (by a child process, by a pipe)
// be read like one that fetches them. It is bounded: whoever puts lines waits
// while it is full. Ranges are positions in the stream of what was put, in the
// sizes given. It is safe for concurrent use.
type Queue struct {
	ledger *Ledger
	limit  int64
	space  chan struct{} // holds a token after lines were taken

	mu    sync.Mutex
	lines []Line
	bytes int64 // of lines
	end   int64 // position behind what was put
}

// NewQueue returns a queue that holds up to limit bytes, or one larger line.
// Mark is the source's equal-time state before the first line.
func NewQueue(limit int64, mark Mark) *Queue {
	return &Queue{ledger: RestoreLedger(0, mark), limit: limit, space: make(chan struct{}, 1)}
}

// Put adds a line that takes size bytes and returns the position behind it. It
// waits while the queue is full. The line's text and fields belong to the
// queue from then on.
func (q *Queue) Put(ctx context.Context, l Line, size int64) (end int64, err error) {
	for {
		q.mu.Lock()
		if q.bytes == 0 || q.bytes+size <= q.limit {
			break
		}
		q.mu.Unlock()
		select {
		case <-q.space:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	defer q.mu.Unlock()
	l.Ledger, l.Range = q.ledger, Range{q.end, q.end + size}
	q.end += size
	q.bytes += size
	q.lines = append(q.lines, l)
	return q.end, nil
}

// Take moves every line into b.
func (q *Queue) Take(b *Block) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == 0 {
		return
	}
	b.Lines = append(b.Lines, q.lines...)
	q.ledger.Read(q.end)
	clear(q.lines)
	q.lines, q.bytes = q.lines[:0], 0
	select {
	case q.space <- struct{}{}:
	default:
	}
}

// Empty reports whether every line was taken.
func (q *Queue) Empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.lines) == 0
}

// Ledger is what was taken and is not settled.
func (q *Queue) Ledger() *Ledger { return q.ledger }
