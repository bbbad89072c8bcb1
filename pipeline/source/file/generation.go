package file

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// How a generation is recognised, see docs/adr: the hash of its first bytes,
// and the bytes right before the offset.
const (
	fingerprintLen = 1024
	beforeLen      = 64
)

// blockLen is how many bytes one read asks for.
const blockLen = 256 << 10

var errTruncated = errors.New("the bytes before the offset have changed")

// generation is one file that had, or has, the followed name.
type generation struct {
	path   string
	file   *os.File // nil when closed
	info   os.FileInfo
	ledger *pipeline.Ledger

	offset int64           // the next byte to read: the start of a line
	before []byte          // the bytes before offset, at most beforeLen
	size   int64           // as last seen
	seen   time.Time       // the file's last change, as last seen
	noLine int64           // up to here there is no end of a line behind offset
	saved  *pipeline.Place // the last place that was right

	rotated   bool // the name points elsewhere
	rotatedAt time.Time

	print    string // fingerprint of the first printLen bytes
	printLen int64
}

// identities are files that are open already.
type identities []os.FileInfo

func (ids identities) has(g *generation) bool {
	for _, id := range ids {
		if os.SameFile(id, g.info) {
			return true
		}
	}
	return false
}

// openGeneration opens a regular file for reading. start or resume has to be
// called before it is read.
func openGeneration(path string) (*generation, error) {
	// A fifo would block without O_NONBLOCK; it has no effect on regular files.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file but %s", path, info.Mode().Type())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &generation{path: path, file: f, info: info, size: info.Size(), seen: info.ModTime()}, nil
}

// start begins to read at offset.
func (g *generation) start(offset int64) {
	g.offset = offset
	g.ledger = pipeline.NewLedger(offset)
	g.before = g.bytesBefore(offset)
	g.takePrint()
}

func (g *generation) rotate(now time.Time) {
	if !g.rotated {
		g.rotated, g.rotatedAt = true, now
	}
}

// adopt reads on in a copy of the generation.
func (g *generation) adopt(original *generation) {
	g.path, g.file, g.info = original.path, original.file, original.info
	g.size, g.seen = original.size, original.seen
}

func (g *generation) close() error {
	if g.file == nil {
		return nil
	}
	err := g.file.Close()
	g.file = nil
	return err
}

func (g *generation) inode() uint64 {
	st, _ := g.info.Sys().(*syscall.Stat_t)
	return st.Ino
}

// read appends the next lines to b, or none if there are none. With finish a
// last line without a newline is a line too.
func (g *generation) read(b *pipeline.Block, maxLine int, finish bool) error {
	info, err := g.file.Stat()
	if err != nil {
		return fmt.Errorf("look at %s: %w", g.path, err)
	}
	unchanged := info.Size() == g.size && info.ModTime().Equal(g.seen)
	g.size, g.seen = info.Size(), info.ModTime()
	switch {
	case g.size < g.offset:
		return errTruncated
	case unchanged && g.size == g.offset, unchanged && g.size == g.noLine && !finish:
		return nil
	}
	return g.readLines(b, maxLine, finish)
}

func (g *generation) readLines(b *pipeline.Block, maxLine int, finish bool) error {
	want := blockLen
	for {
		data, err := g.pread(b, want)
		if err != nil {
			return err
		}
		whole := int64(len(data)) == g.size-g.offset
		end := bytes.LastIndexByte(data, '\n') + 1
		switch {
		case end > 0:
		case len(data) >= maxLine, whole && finish:
			end = len(data)
		case whole || len(data) < want:
			g.noLine = g.offset + int64(len(data))
			return nil
		default:
			want = min(4*want, maxLine)
			continue
		}
		g.split(b, data[:end], maxLine)
		return nil
	}
}

// pread reads up to want bytes from the offset, with the bytes before it in
// the same call: if these changed, the file was truncated.
func (g *generation) pread(b *pipeline.Block, want int) ([]byte, error) {
	lead := len(g.before)
	if need := lead + want; cap(b.Buf) < need {
		b.Buf = make([]byte, need)
	}
	buf := b.Buf[:lead+want]
	n, err := g.file.ReadAt(buf, g.offset-int64(lead))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s at byte %d: %w", g.path, g.offset, err)
	}
	if n < lead || !bytes.Equal(buf[:lead], g.before) {
		return nil, errTruncated
	}
	return buf[lead:n], nil
}

// split cuts data into lines and moves the offset behind it.
func (g *generation) split(b *pipeline.Block, data []byte, maxLine int) {
	start := g.offset
	for rest := data; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n')
		text, size := rest, len(rest)
		if n >= 0 {
			text, size = rest[:n], n+1
		}
		if len(text) > maxLine {
			text, size = rest[:maxLine], maxLine
		}
		b.Lines = append(b.Lines, pipeline.Line{
			Text: text, Ledger: g.ledger,
			Range: pipeline.Range{Start: start, End: start + int64(size)},
		})
		start += int64(size)
		rest = rest[size:]
	}
	g.ledger.Read(start)
	g.remember(data)
	g.offset = start
	if g.printLen < fingerprintLen {
		g.takePrint()
	}
}

// remember keeps the last bytes of data as the bytes before the offset.
func (g *generation) remember(data []byte) {
	g.before = append(g.before, data[max(0, len(data)-beforeLen):]...)
	if extra := len(g.before) - beforeLen; extra > 0 {
		g.before = append(g.before[:0], g.before[extra:]...)
	}
}

// bytesBefore reads up to beforeLen bytes before offset, or nil.
func (g *generation) bytesBefore(offset int64) []byte {
	buf := make([]byte, min(beforeLen, offset))
	if _, err := g.file.ReadAt(buf, offset-int64(len(buf))); err != nil {
		return nil
	}
	return buf
}

// takePrint extends the fingerprint over what has been read.
func (g *generation) takePrint() {
	n := min(fingerprintLen, g.offset)
	if sum, ok := fingerprint(g.file, n); ok {
		g.print, g.printLen = sum, n
	}
}

// fingerprint hashes the first n bytes of f.
func fingerprint(f io.ReaderAt, n int64) (string, bool) {
	buf := make([]byte, n)
	if _, err := f.ReadAt(buf, 0); err != nil && n > 0 {
		return "", false
	}
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:]), true
}

// place is what has to be saved for the generation; false if nothing has.
func (g *generation) place() (pipeline.Place, bool) {
	offset, mark := g.ledger.Position()
	st, _ := g.info.Sys().(*syscall.Stat_t)
	p := pipeline.Place{
		Path: g.path, Device: uint64(st.Dev), Inode: st.Ino,
		FingerprintLen: g.printLen, Fingerprint: g.print,
		Offset: offset, Mark: mark, Size: g.size, Modified: g.seen.UnixNano(),
	}
	if g.file == nil {
		return p, offset < g.offset
	}
	p.Before = g.bytesBefore(offset)
	// A file that was truncated meanwhile has other bytes there, and other ones
	// before g.offset as well: then what was right before is still right.
	if !bytes.Equal(g.bytesBefore(g.offset), g.before) {
		if g.saved == nil {
			return p, false
		}
		return *g.saved, true
	}
	g.saved = &p
	return p, true
}

// matches reports whether the generation is the one that p describes.
func (g *generation) matches(p pipeline.Place) bool {
	if g.size < p.Offset || g.size < p.FingerprintLen {
		return false
	}
	if p.FingerprintLen == 0 && p.Offset == 0 {
		return g.inode() == p.Inode
	}
	sum, ok := fingerprint(g.file, p.FingerprintLen)
	if !ok || sum != p.Fingerprint {
		return false
	}
	return p.Before == nil || bytes.Equal(g.bytesBefore(p.Offset), p.Before)
}
