package ship

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"

	"github.com/tovtech/tovplay-logging/pipeline"
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

func (e *encoder) encode(labels string, b *pipeline.Batch, p part) ([]byte, error) {
	e.entries, e.fields = e.entries[:0], e.fields[:0]
	for i := p.from; i < p.to; i++ {
		first := len(e.fields)
		for k := range b.Fields(i) {
			name, value := b.Field(i, k)
			e.fields = append(e.fields, push.LabelAdapter{Name: name, Value: view(value)})
		}
		e.entries = append(e.entries, push.Entry{
			Timestamp: time.Unix(0, b.Time(i)), Line: view(b.Line(i)),
			StructuredMetadata: e.fields[first:len(e.fields):len(e.fields)],
		})
	}
	e.streams[0] = push.Stream{Labels: labels, Entries: e.entries}
	req := push.PushRequest{Streams: e.streams[:]}
	size := req.Size()
	if cap(e.message) < size {
		e.message = make([]byte, size)
	}
	n, err := req.MarshalToSizedBuffer(e.message[:size])
	if err != nil {
		return nil, fmt.Errorf("encode %d entries of %s: %w", p.to-p.from, labels, err)
	}
	if need := snappy.MaxEncodedLen(n); cap(e.body) < need {
		e.body = make([]byte, need)
	}
	return snappy.Encode(e.body[:cap(e.body)], e.message[:n]), nil
}

// view is b as a string without a copy. The push types want strings; the batch
// is read-only and outlives the request.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
