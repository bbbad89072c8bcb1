package pipeline

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrNotABatch is wrapped by ReadBatch's error when the bytes are not what
// AppendTo wrote.
var ErrNotABatch = errors.New("not an encoded batch")

// wireVersion is the first byte of an encoded batch.
const wireVersion = 1

// AppendTo adds the batch's entries to dst, in a form that ReadBatch reads. It
// has neither the stream nor what the batch settles. Numbers are varints:
//
//	version, entries, {time, flags, line, fields, {name, value}}
//
// A text is its length and its bytes. Bit 0 of the flags is IsReadTime.
func (b *Batch) AppendTo(dst []byte) []byte {
	dst = append(dst, wireVersion)
	dst = binary.AppendUvarint(dst, uint64(b.Len()))
	for i := range b.Len() {
		dst = binary.AppendVarint(dst, b.Time(i))
		flags := byte(0)
		if b.IsReadTime(i) {
			flags = 1
		}
		dst = append(dst, flags)
		dst = appendText(dst, b.Line(i))
		dst = binary.AppendUvarint(dst, uint64(b.Fields(i)))
		for k := range b.Fields(i) {
			name, value := b.Field(i, k)
			dst = appendText(appendText(dst, name), value)
		}
	}
	return dst
}

func appendText[T string | []byte](dst []byte, text T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// ReadBatch makes a batch of what AppendTo wrote. It holds views into data, has
// one reference, settles nothing and counts towards no budget.
func ReadBatch(s *Stream, data []byte) (*Batch, error) {
	b := &Batch{Stream: s, arena: data, class: ownClass, sealed: true}
	b.refs.Store(1)
	r := &wireReader{data: data}
	if r.byte() != wireVersion {
		return nil, fmt.Errorf("%w: another version", ErrNotABatch)
	}
	for n := r.length(); n > 0 && !r.failed; n-- {
		e := entryRef{time: r.varint(), readTime: r.byte()&1 != 0, line: r.text()}
		fields := r.length()
		e.field, e.nfld = int32(len(b.fields)), int16(fields)
		if fields != int(e.nfld) {
			r.failed = true
		}
		for ; fields > 0 && !r.failed; fields-- {
			name := b.text(r.text())
			b.fields = append(b.fields, fieldRef{string(name), r.text()})
		}
		b.entries = append(b.entries, e)
	}
	if r.failed || r.at != len(data) {
		return nil, fmt.Errorf("%w: damaged at byte %d of %d", ErrNotABatch, r.at, len(data))
	}
	return b, nil
}

// wireReader reads numbers and texts. Behind a failure it returns zeros.
type wireReader struct {
	data   []byte
	at     int
	failed bool
}

func (r *wireReader) byte() byte {
	if r.failed || r.at >= len(r.data) {
		r.failed = true
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

func (r *wireReader) varint() int64 {
	v, n := binary.Varint(r.data[r.at:])
	return took(r, v, n)
}

// took moves behind a varint of n bytes.
func took[T int64 | uint64](r *wireReader, v T, n int) T {
	if r.failed || n <= 0 {
		r.failed = true
		return 0
	}
	r.at += n
	return v
}

// length reads a number of bytes, or of things of a byte at least.
func (r *wireReader) length() int {
	v, n := binary.Uvarint(r.data[r.at:])
	v = took(r, v, n)
	if v > uint64(len(r.data)-r.at) {
		r.failed = true
		return 0
	}
	return int(v)
}

func (r *wireReader) text() textRef {
	n := r.length()
	t := textRef{int32(r.at), int32(n)}
	r.at += n
	return t
}

// AppendKey adds what tells the stream from others to dst: its tenant and
// labels, in a form that ReadKey reads.
func (s *Stream) AppendKey(dst []byte) []byte {
	dst = appendText(dst, s.Tenant)
	for _, l := range s.Labels {
		dst = appendText(appendText(dst, l.Name), l.Value)
	}
	return dst
}

// ReadKey returns the tenant and labels of an AppendKey.
func ReadKey(key []byte) (tenant string, labels []Label, err error) {
	r := &wireReader{data: key}
	text := func() string {
		t := r.text()
		return string(key[t.off : t.off+t.len])
	}
	tenant = text()
	for r.at < len(key) && !r.failed {
		labels = append(labels, Label{text(), text()})
	}
	if r.failed {
		return "", nil, fmt.Errorf("%w: damaged stream at byte %d of %d", ErrNotABatch, r.at, len(key))
	}
	return tenant, labels, nil
}
