package file

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// stepLen is how many unpacked bytes a call passes over at most. Who asks for
// what lies further on gets errAgain and has to ask again.
const stepLen = 8 << 20

// archive reads a gzip file as if it were unpacked: offsets and the size are
// those of its content. It keeps a window of the content alone, as large as
// what is asked for at once.
//
// Reading goes on where it was; a second position, which trails behind, serves
// who asks for what is not settled yet.
type archive struct {
	packed        handle
	size          int64 // of the content
	front, behind unpacker
}

// Stat tells about the packed file, but for the size.
func (a *archive) Stat() (os.FileInfo, error) {
	info, err := a.packed.Stat()
	if err != nil {
		return nil, err
	}
	return unpackedInfo{info, a.size}, nil
}

type unpackedInfo struct {
	os.FileInfo
	size int64
}

// Size is the content's.
func (i unpackedInfo) Size() int64 { return i.size }

// ReadAt implements io.ReaderAt. It returns errAgain when offset is too far on,
// and what there is before the damage of a damaged file.
func (a *archive) ReadAt(p []byte, offset int64) (int, error) {
	u := &a.front
	if offset < u.base {
		u = &a.behind
	}
	left := max(0, a.size-offset) // there is nothing behind the end to make room for
	if int64(len(p)) <= left {
		return u.readAt(a.packed, p, offset)
	}
	n, err := u.readAt(a.packed, p[:left], offset)
	return n, cmp.Or(err, io.EOF)
}

// NextData returns offset: what is packed has no holes.
func (a *archive) NextData(offset int64) (int64, error) { return offset, nil }

func (a *archive) Close() error { return a.packed.Close() }

// unpacker unpacks from the beginning on and remembers what lies between the
// last offset that was asked for and how far it has come.
type unpacker struct {
	zr     *gzip.Reader // nil before the beginning
	base   int64        // of window in the content
	window []byte
	ended  bool
}

func (u *unpacker) readAt(packed handle, p []byte, offset int64) (int, error) {
	if u.zr == nil || offset < u.base {
		if err := u.begin(packed); err != nil {
			return 0, err
		}
	}
	if err := u.passTo(offset); err != nil {
		return 0, err
	}
	err := u.fill(len(p))
	n := copy(p, u.window)
	switch {
	case err != nil:
		return n, u.fail(err)
	case n < len(p):
		return n, io.EOF
	}
	return n, nil
}

// begin starts anew.
func (u *unpacker) begin(packed handle) error {
	const all = 1 << 62
	zr, err := gzip.NewReader(bufio.NewReader(io.NewSectionReader(packed, 0, all)))
	if err != nil {
		return u.fail(err)
	}
	*u = unpacker{zr: zr, window: u.window[:0]}
	return nil
}

// passTo forgets what lies before offset.
func (u *unpacker) passTo(offset int64) error {
	if n := offset - u.base; n <= int64(len(u.window)) {
		u.window = append(u.window[:0], u.window[n:]...)
		u.base = offset
		return nil
	}
	u.base += int64(len(u.window))
	u.window = u.window[:0]
	if u.ended {
		return io.EOF
	}
	n, err := io.CopyN(io.Discard, u.zr, min(offset-u.base, stepLen))
	u.base += n
	switch {
	case errors.Is(err, io.EOF):
		u.ended = true
		return io.EOF
	case err != nil:
		return u.fail(err)
	case u.base < offset:
		return errAgain
	}
	return nil
}

// fill unpacks until the window holds n bytes, or all that is left.
func (u *unpacker) fill(n int) error {
	if cap(u.window) < n {
		u.window = append(make([]byte, 0, n), u.window...)
	}
	for len(u.window) < n && !u.ended {
		have := len(u.window)
		got, err := u.zr.Read(u.window[have:n])
		u.window = u.window[:have+got]
		if u.ended = errors.Is(err, io.EOF); err != nil && !u.ended {
			return err
		}
	}
	return nil
}

// fail lets the next call begin anew.
func (u *unpacker) fail(err error) error {
	*u = unpacker{window: u.window[:0]}
	if errors.Is(err, io.EOF) { // of an empty file
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("unpack: %w", err)
}
