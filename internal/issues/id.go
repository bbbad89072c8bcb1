package issues

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ID identifies an entry of a log.
type ID [16]byte

// String is the ID in 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// NewID returns the ID of an entry: a hash of its stream, its time in unix
// nanoseconds, its structured metadata in one form for one set, and its line.
func NewID(stream string, ns int64, metadata, line string) ID {
	var stack [1024]byte
	buf := stack[:0]
	for _, part := range [...]string{stream, metadata} {
		buf = binary.AppendUvarint(buf, uint64(len(part)))
		buf = append(buf, part...)
	}
	buf = binary.BigEndian.AppendUint64(buf, uint64(ns))
	buf = append(buf, line...)
	sum := sha256.Sum256(buf)
	return ID(sum[:16])
}
