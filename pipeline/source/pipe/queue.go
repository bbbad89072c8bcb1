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
// queue waits for it to be empty.
func (q *queue) put(ctx context.Context, line string) error {
	for !q.tryPut(line) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.room:
		}
	}
	return nil
}

func (q *queue) tryPut(line string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.data) > 0 && len(q.data)+len(line) >= q.limit {
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
