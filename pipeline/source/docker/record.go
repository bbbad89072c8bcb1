package docker

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// record is one record of a log: a line, or a part of one.
type record struct {
	time   int64  // unix nanoseconds
	text   []byte // with its newline, unless it is a part that goes on
	stderr bool
}

// fields are what stages get to know about a record.
func (r record) fields() []pipeline.Field {
	if r.stderr {
		return stderrFields
	}
	return stdoutFields
}

var (
	stdoutFields = []pipeline.Field{{Name: pipeline.ContainerStream, Value: []byte("stdout")}}
	stderrFields = []pipeline.Field{{Name: pipeline.ContainerStream, Value: []byte("stderr")}}
)

// headLen is the length of what stands before a record's text in the queue: the
// stream, the time and the length of the text.
const headLen = 1 + 8 + 4

func appendRecord(dst []byte, r record) []byte {
	var stream byte
	if r.stderr {
		stream = 1
	}
	dst = append(dst, stream)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.time))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(r.text)))
	return append(dst, r.text...)
}

// cutRecord returns the first of the records that appendRecord wrote; its text is
// a view.
func cutRecord(data []byte) (r record, rest []byte) {
	r.stderr = data[0] == 1
	r.time = int64(binary.LittleEndian.Uint64(data[1:]))
	end := headLen + int(binary.LittleEndian.Uint32(data[9:]))
	r.text = data[headLen:end]
	return r, data[end:]
}

// errBehind says that the queue was full for too long.
var errBehind = errors.New("reading is behind")

// queue holds records between the stream and Read. One goroutine puts, one takes.
type queue struct {
	limit int
	room  chan struct{} // holds a token after something was taken

	mu   sync.Mutex
	data []byte
}

func newQueue(limit int) *queue { return &queue{limit: limit, room: make(chan struct{}, 1)} }

// put adds a record. It waits while the queue is full, for patient at most: then
// it returns errBehind. A record larger than the queue waits for it to be empty.
func (q *queue) put(ctx context.Context, r record, patient time.Duration) error {
	if q.tryPut(r) {
		return nil
	}
	timer := time.NewTimer(patient)
	defer timer.Stop()
	for !q.tryPut(r) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return errBehind
		case <-q.room:
		}
	}
	return nil
}

func (q *queue) tryPut(r record) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.data) > 0 && len(q.data)+headLen+len(r.text) > q.limit {
		return false
	}
	q.data = appendRecord(q.data, r)
	return true
}

// take appends all records to dst and empties the queue.
func (q *queue) take(dst []byte) []byte {
	q.mu.Lock()
	dst = append(dst, q.data...)
	q.data = q.data[:0]
	if cap(q.data) > 2*q.limit {
		q.data = nil // a huge record came by
	}
	q.mu.Unlock()
	select {
	case q.room <- struct{}{}:
	default:
	}
	return dst
}

func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.data)
}

// waitEmpty waits until everything was taken, or ctx is done.
func (q *queue) waitEmpty(ctx context.Context) {
	for q.size() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-q.room:
		}
	}
}
