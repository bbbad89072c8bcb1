package journal

import (
	"context"
	"sync"
)

// queue holds entries between journalctl and Read: JSON objects, each with its
// newline. One goroutine puts, one takes.
type queue struct {
	limit int
	room  chan struct{} // holds a token after something was taken

	mu   sync.Mutex
	data []byte
}

func newQueue(limit int) *queue { return &queue{limit: limit, room: make(chan struct{}, 1)} }

// put adds an entry, which ends with a newline. It waits while the queue is
// full; an entry larger than the queue waits for it to be empty.
func (q *queue) put(ctx context.Context, entry []byte) error {
	for !q.tryPut(entry) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.room:
		}
	}
	return nil
}

func (q *queue) tryPut(entry []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.data) > 0 && len(q.data)+len(entry) > q.limit {
		return false
	}
	q.data = append(q.data, entry...)
	return true
}

// take appends all entries to dst and empties the queue.
func (q *queue) take(dst []byte) []byte {
	q.mu.Lock()
	dst = append(dst, q.data...)
	q.data = q.data[:0]
	if cap(q.data) > 2*q.limit {
		q.data = nil // a huge entry came by
	}
	q.mu.Unlock()
	select {
	case q.room <- struct{}{}:
	default:
	}
	return dst
}
