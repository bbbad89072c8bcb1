package pipe

import (
	"context"
	"sync"
)

// queue holds lines, each with its newline, between Run and Read.
type queue struct {
	limit int
	room  chan struct{} // holds a token after something was taken

	mu   sync.Mutex
	data []byte
}

func newQueue(limit int) *queue { return &queue{limit: limit, room: make(chan struct{}, 1)} }

// put adds a line. It waits while the queue is full; a line larger than the
// queue waits for it to be empty. When ctx is done there is room for what was
// taken from the pipe.
func (q *queue) put(ctx context.Context, line string) {
	for !q.tryPut(line, ctx.Err() != nil) {
		select {
		case <-ctx.Done():
		case <-q.room:
		}
	}
}

func (q *queue) tryPut(line string, always bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !always && len(q.data) > 0 && len(q.data)+len(line) >= q.limit {
		return false
	}
	q.data = append(append(q.data, line...), '\n')
	return true
}

// take appends all lines to dst and empties the queue.
func (q *queue) take(dst []byte) []byte {
	q.mu.Lock()
	dst = append(dst, q.data...)
	q.data = q.data[:0]
	q.mu.Unlock()
	select {
	case q.room <- struct{}{}:
	default:
	}
	return dst
}
