package grouping

import (
	"encoding/hex"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Version is the version of the keys: another one means that keys of equal
// events may differ.
const Version = "v1"

// hashBytes is the length of a key's text behind the version.
const hashDigits = 16

// Hash is what events of one group have in common. The zero value is none. It
// depends on the event and the rules alone, not on order, time or machine.
type Hash uint64

// String is the hash as in labels and addresses, "v1:" and 16 hexadecimal
// digits; "" for none.
func (h Hash) String() string {
	if h == 0 {
		return ""
	}
	return string(h.AppendText(nil))
}

// AppendText appends what String returns to dst.
func (h Hash) AppendText(dst []byte) []byte {
	if h == 0 {
		return dst
	}
	dst = append(dst, Version...)
	dst = append(dst, ':')
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[h>>shift&0xf])
	}
	return dst
}

// MarshalText is String as bytes, for JSON. It does not fail.
func (h Hash) MarshalText() ([]byte, error) { return h.AppendText(nil), nil }

// ParseHash reads what String wrote; "" is none. A key of another version is an
// error.
func ParseHash(text string) (Hash, error) {
	if text == "" {
		return 0, nil
	}
	const prefix = Version + ":"

	var raw [hashDigits / 2]byte
	if len(text) != len(prefix)+hashDigits || text[:len(prefix)] != prefix {
		return 0, fmt.Errorf("read group %q: want %s and %d digits", text, prefix, hashDigits)
	}
	if _, err := hex.Decode(raw[:], []byte(text[len(prefix):])); err != nil {
		return 0, fmt.Errorf("read group %q: %w", text, err)
	}
	var h Hash
	for _, b := range raw {
		h = h<<8 | Hash(b)
	}
	return h, nil
}

// hasher hashes parts so that equal hashes mean equal parts, in equal order.
type hasher struct{ d xxhash.Digest }

func newHasher(kind string) (h hasher) {
	h.d.Reset()
	h.text(Version)
	h.text(kind)
	return h
}

func (h *hasher) text(part string) {
	h.length(len(part))
	_, _ = h.d.WriteString(part) // never fails
}

func (h *hasher) bytes(part []byte) {
	h.length(len(part))
	_, _ = h.d.Write(part)
}

func (h *hasher) hash(part Hash) { h.number(uint64(part)) }

func (h *hasher) length(n int) { h.number(uint64(n)) }

func (h *hasher) number(n uint64) {
	var buffer [8]byte
	for i := range buffer {
		buffer[i] = byte(n >> (8 * i))
	}
	_, _ = h.d.Write(buffer[:])
}

// sum is never zero, which would be none.
func (h *hasher) sum() Hash { return max(Hash(h.d.Sum64()), 1) }
