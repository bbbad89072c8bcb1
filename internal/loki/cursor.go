package loki

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// shownMax is how many hashes a cursor carries. A cursor travels in a URL, and
// nginx takes 8 KiB of it by default; beyond this number only the count of the
// lines shown is kept.
const shownMax = 128

// cursorVersion is the first byte of every page cursor.
const cursorVersion = 1

// cursorTextMax bounds the text of a cursor, so that decoding is bounded too.
const cursorTextMax = 4 << 10

// position is where a page ended: what is left is everything beyond the instant
// at, and of that instant what is not shown yet.
type position struct {
	// at is an instant in unix nanoseconds.
	at int64
	// shown are the hashes of the lines of that instant that were shown.
	shown []uint64
	// skip is how many lines of that instant, in their order, were shown when
	// they are more than shownMax; shown is empty then.
	skip int
}

// inside reports whether the position is in the middle of an instant.
func (p position) inside() bool { return len(p.shown) > 0 || p.skip > 0 }

// pageCursor is everything that the next page needs.
type pageCursor struct {
	// query is the hash of the query, so that a cursor is not used with another.
	query      uint64
	direction  Direction
	start, end int64
	position
}

// ErrCursor means that a cursor was not made by this program, or was made for
// another query.
var ErrCursor = errors.New("the cursor does not belong to this query; start again without a cursor")

// queryHash identifies a query within a cursor.
func queryHash(query string) uint64 {
	sum := sha256.Sum256([]byte(query))
	return binary.BigEndian.Uint64(sum[:])
}

// encode returns the cursor as text for a URL.
func (c pageCursor) encode() string {
	buf := []byte{cursorVersion, 0}
	if c.direction == Forward {
		buf[1] = 1
	}
	buf = binary.BigEndian.AppendUint64(buf, c.query)
	buf = binary.AppendVarint(buf, c.start)
	buf = binary.AppendVarint(buf, c.end)
	buf = binary.AppendVarint(buf, c.at)
	buf = binary.AppendUvarint(buf, uint64(c.skip))
	for _, hash := range c.shown {
		buf = binary.BigEndian.AppendUint64(buf, hash)
	}
	return base64.RawURLEncoding.EncodeToString(buf)
}

// decodePageCursor reads what encode wrote. It takes any input; the error is
// ErrCursor.
func decodePageCursor(text string) (pageCursor, error) {
	if len(text) > cursorTextMax {
		return pageCursor{}, fmt.Errorf("cursor of %d characters: %w", len(text), ErrCursor)
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(data) < 2 || data[0] != cursorVersion || data[1] > 1 {
		return pageCursor{}, ErrCursor
	}
	c := pageCursor{direction: Backward}
	if data[1] == 1 {
		c.direction = Forward
	}
	r := bytes.NewReader(data[2:])
	var skip uint64
	err = errors.Join(
		binary.Read(r, binary.BigEndian, &c.query),
		readVarint(r, &c.start), readVarint(r, &c.end), readVarint(r, &c.at),
		readUvarint(r, &skip))
	if err != nil || r.Len()%8 != 0 || r.Len()/8 > shownMax || skip > maxEntriesDefault*100 {
		return pageCursor{}, ErrCursor
	}
	c.skip = int(skip)
	c.shown = make([]uint64, r.Len()/8)
	if err := binary.Read(r, binary.BigEndian, c.shown); err != nil {
		return pageCursor{}, ErrCursor
	}
	if c.start >= c.end || c.at < c.start || c.at >= c.end || (c.skip > 0 && len(c.shown) > 0) {
		return pageCursor{}, ErrCursor
	}
	return c, nil
}

// readVarint reads one signed number.
func readVarint(r *bytes.Reader, into *int64) (err error) {
	*into, err = binary.ReadVarint(r)
	return err
}

// readUvarint reads one unsigned number.
func readUvarint(r *bytes.Reader, into *uint64) (err error) {
	*into, err = binary.ReadUvarint(r)
	return err
}
