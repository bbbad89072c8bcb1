package docker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
	"unsafe"
)

const (
	// partLen is the length of the parts into which the engine cuts lines, in bytes.
	partLen = 16 << 10
	// maxText bounds one record, in bytes: no driver writes longer ones.
	maxText = 4 << 20
	// maxStamp bounds a record's time as text.
	maxStamp = len("2006-01-02T15:04:05.000000000+00:00")
)

// errRecord says that a record is none: it has no time, or is too long. The
// stream goes on behind it.
var errRecord = errors.New("not a record of a log")

// errFrames is of a stream that has no frames.
var errFrames = errors.New("read the container's log: what the Docker engine sends does not begin with a frame")

// engineError is what the engine says in place of records it cannot read.
type engineError struct{ text string }

func (e *engineError) Error() string {
	return "the Docker engine cannot read the log: " + e.text +
		"; what is behind that place can be read from disk alone: permit it, or use docker_files"
}

// decoder reads the records of a stream, which have their times before them.
type decoder struct {
	r       *bufio.Reader
	tty     bool
	head    [8]byte // of the frame
	text    []byte
	part    []byte // the stamp of the last record, if that was a part
	ahead   []byte // a stamp that was read with the record before it
	discard bool   // the rest of the line belongs to a record that is none
}

func newDecoder(r io.Reader, tty bool) *decoder {
	return &decoder{r: bufio.NewReaderSize(r, 64<<10), tty: tty}
}

// next returns the next record; its text is valid until the next call. The error
// is io.EOF at the end of the stream, errRecord, an *engineError, or about a
// stream that was cut or is none.
func (d *decoder) next() (record, error) {
	if d.tty {
		return d.line()
	}
	return d.frame()
}

// frame reads one frame: the stream, three zeros, the length, and the record.
func (d *decoder) frame() (record, error) {
	head := &d.head
	if _, err := io.ReadFull(d.r, head[:]); err != nil {
		return record{}, err
	}
	size := int(binary.BigEndian.Uint32(head[4:]))
	if head[0] > 3 || head[1]|head[2]|head[3] != 0 {
		return record{}, fmt.Errorf("%w: % x", errFrames, *head)
	}
	keep := min(size, maxText)
	if cap(d.text) < keep {
		d.text = make([]byte, keep)
	}
	d.text = d.text[:keep]
	if _, err := io.ReadFull(d.r, d.text); err != nil {
		return record{}, noEnd(err)
	}
	if size > keep {
		if _, err := d.r.Discard(size - keep); err != nil {
			return record{}, noEnd(err)
		}
		return record{}, errRecord
	}
	if head[0] == 3 {
		return record{}, &engineError{string(bytes.TrimSpace(d.text))}
	}
	space := bytes.IndexByte(d.text[:min(len(d.text), maxStamp+1)], ' ')
	if space < 0 {
		return record{}, errRecord
	}
	at, ok := parseStamp(d.text[:space])
	if !ok {
		return record{}, errRecord
	}
	return record{time: at, text: d.text[space+1:], stderr: head[0] == 2}, nil
}

// noEnd is the error of a stream that ends within a record.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// line reads one record of a terminal's log. Records follow one another without
// frames. Those of parts have no newline, and the time comes again with the next
// part; of the driver local, the last part has none either.
func (d *decoder) line() (record, error) {
	if d.discard {
		return d.skipLine()
	}
	if err := d.readStamp(); err != nil {
		return record{}, err
	}
	stamp := len(d.text)
	at, ok := parseStamp(d.text[:stamp-1])
	if !ok || d.text[stamp-1] != ' ' {
		return d.noRecord()
	}
	if err := d.readText(stamp); err != nil {
		return record{}, err
	}
	r := record{time: at, text: d.text[stamp:]}
	d.part = d.part[:0]
	if !bytes.HasSuffix(r.text, newline) {
		d.part = append(d.part, d.text[:stamp]...)
	}
	return r, nil
}

var newline = []byte("\n")

// readStamp reads what stands before the first space into d.text, with it.
func (d *decoder) readStamp() error {
	d.text = append(d.text[:0], d.ahead...)
	if d.ahead = d.ahead[:0]; len(d.text) > 0 {
		return nil
	}
	for {
		c, err := d.r.ReadByte()
		if err != nil && len(d.text) > 0 {
			return noEnd(err)
		}
		if err != nil {
			return err
		}
		if d.text = append(d.text, c); c == ' ' || c == '\n' || len(d.text) > maxStamp {
			return nil
		}
	}
}

// readText appends what follows a stamp to d.text, up to the end of the record.
func (d *decoder) readText(stamp int) error {
	goesOn := bytes.Equal(d.text, d.part)
	for {
		c, err := d.r.ReadByte()
		if errors.Is(err, io.EOF) { // what was cut has another error
			return nil
		}
		if err != nil {
			return err
		}
		d.text = append(d.text, c)
		switch n := len(d.text) - stamp; {
		case c == '\n':
			return nil
		case n > maxText:
			d.discard = true
			return errRecord
		case n%partLen == 0 && d.stampFollows(d.text[:stamp]):
			return nil
		case goesOn && c == ' ' && n > stamp && d.stampEnds(stamp):
			return nil
		}
	}
}

// stampFollows reports whether the time of the record comes again, or the end of
// the stream. It waits for no more than it needs to know.
func (d *decoder) stampFollows(stamp []byte) bool {
	for i := range stamp {
		next, err := d.r.Peek(i + 1)
		if err != nil {
			return i == 0 && errors.Is(err, io.EOF)
		}
		if next[i] != stamp[i] {
			return false
		}
	}
	return true
}

// stampEnds takes the time of another record from the end of the text, if there
// is one behind the end of a terminal's line.
func (d *decoder) stampEnds(stamp int) bool {
	at := len(d.text) - stamp
	if d.text[at-1] != '\r' {
		return false
	}
	if _, ok := parseStamp(d.text[at : len(d.text)-1]); !ok {
		return false
	}
	d.ahead = append(d.ahead[:0], d.text[at:]...)
	d.text = d.text[:at]
	return true
}

// noRecord reads the rest of a line that does not begin with a time: the engine
// writes its own errors like that.
func (d *decoder) noRecord() (record, error) {
	for d.text[len(d.text)-1] != '\n' {
		c, err := d.r.ReadByte()
		if err != nil {
			break
		}
		d.text = append(d.text, c)
		if len(d.text) > partLen {
			d.discard = true
			return record{}, errRecord
		}
	}
	if text, ok := bytes.CutPrefix(d.text, []byte("Error grabbing logs: ")); ok {
		return record{}, &engineError{string(bytes.TrimSpace(text))}
	}
	return record{}, errRecord
}

// skipLine reads to the end of a line that is no record.
func (d *decoder) skipLine() (record, error) {
	for {
		switch _, err := d.r.ReadSlice('\n'); {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return record{}, err
		default:
			d.discard = false
			return d.line()
		}
	}
}

// parseStamp reads a time as the engine writes it, as unix nanoseconds.
func parseStamp(text []byte) (int64, bool) {
	// The text is not kept.
	t, err := time.Parse(time.RFC3339Nano, unsafe.String(unsafe.SliceData(text), len(text)))
	if err != nil {
		return 0, false
	}
	ns := t.UnixNano()
	return ns, time.Unix(0, ns).Equal(t)
}
