package ship

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
)

// encoder turns a part of a batch into the body of a push request. It reuses
// its memory: a body is valid until the next encode.
type encoder struct {
	entries []push.Entry
	fields  []push.LabelAdapter
	streams [1]push.Stream
	message []byte
	body    []byte
}

func (e *encoder) encode(j *job) ([]byte, error) {
	e.entries, e.fields = e.entries[:0], e.fields[:0]
	for i := j.part.from; i < j.part.to; i++ {
		e.entries = append(e.entries, push.Entry{
			Timestamp: time.Unix(0, j.time(i)), Line: view(j.batch.Line(i)), StructuredMetadata: e.metadata(j, i),
		})
	}
	e.streams[0] = push.Stream{Labels: j.queue.labels, Entries: e.entries}
	req := push.PushRequest{Streams: e.streams[:]}
	size := req.Size()
	if cap(e.message) < size {
		e.message = make([]byte, size)
	}
	n, err := req.MarshalToSizedBuffer(e.message[:size])
	if err != nil {
		return nil, fmt.Errorf("encode %d entries of %s: %w", j.part.len(), j.queue.labels, err)
	}
	if need := snappy.MaxEncodedLen(n); cap(e.body) < need {
		e.body = make([]byte, need)
	}
	return snappy.Encode(e.body[:cap(e.body)], e.message[:n]), nil
}

func (e *encoder) metadata(j *job, entry int) push.LabelsAdapter {
	if j.plain {
		return nil
	}
	first := len(e.fields)
	for k := range j.batch.Fields(entry) {
		name, value := j.batch.Field(entry, k)
		e.fields = append(e.fields, push.LabelAdapter{Name: name, Value: view(value)})
	}
	return e.fields[first:len(e.fields):len(e.fields)]
}

// view is b as a string without a copy. The push types want strings; the batch
// is read-only and outlives the request.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
