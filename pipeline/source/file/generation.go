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

// A read asks for blockLen bytes and gives at most maxLines lines, which
// bounds a worker's memory when lines are empty.
const (
	blockLen = 256 << 10
	maxLines = 8 << 10
)

var errTruncated = errors.New("the bytes around the offset have changed")

// generation is one file that had, or has, the followed name.
type generation struct {
	path   string
	file   handle // nil when closed
	id     fileID
	ledger *pipeline.Ledger

	offset int64  // the next byte to read: the start of a line
	head   []byte // the file's first bytes, at most fingerprintLen
	before []byte // the bytes before offset, at most beforeLen
	gap    int64  // NUL bytes behind offset that need not be read again
	noLine int64  // up to here there is no end of a line behind offset, -1: unknown

	latest  os.FileInfo // a look at the file that load has not used yet
	size    int64       // as last seen
	changed time.Time   // the file's last change, as last seen
	named   time.Time   // the same when it was last seen to have the name
	current time.Time   // the same when what was read was found unchanged later
	copied  time.Time   // the last change of a compressed copy

	rotated    bool // the name points elsewhere
	quietSince time.Time
	gone       bool // its content is in no file any more
	unlinked   bool // its file has no name any more

	// A compressed file is not proven before it was read through: until then
	// nobody knows what it is. One that is old is not to be read but for what
	// another generation waits for.
	unproven, old bool
	probe         *probe
	// awaited says what is lost if no compressed file turns out to be a copy of
	// this generation, whose own file is gone; "" if nothing is awaited.
	awaited string
	ghost   bool // no file was found for its saved place

	saved pipeline.Place // the last place that was right
}

// openGeneration opens a regular file for reading. start or resume has to be
// called before it is read.
func openGeneration(d disk, path string) (*generation, error) {
	info, err := d.Stat(path) // opening a device may do something to it
	if err == nil {
		err = checkRegular(path, info)
	}
	if err != nil {
		return nil, err
	}
	f, err := d.Open(path) // it may be a fifo by now
	if err != nil {
		return nil, err
	}
	info, err = f.Stat()
	if err == nil {
		err = checkRegular(path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &generation{
		path: path, file: f, id: idOf(info), size: info.Size(),
		changed: info.ModTime(), named: info.ModTime(), current: info.ModTime(),
	}, nil
}

// newGhost returns the generation of a saved place whose file was not found.
func newGhost(p pipeline.Place) *generation {
	changed := time.Unix(0, p.Modified)
	return &generation{
		path: p.Path, id: fileID{p.Device, p.Inode}, ledger: pipeline.RestoreLedger(p), ghost: true, saved: p,
		offset: p.Offset, before: bytes.Clone(p.Before), size: max(p.Size, p.Offset),
		changed: changed, named: changed, current: changed,
	}
}

func checkRegular(path string, info os.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return fmt.Errorf("open %s: it is a directory; name the files in it, as in %s/*.log", path, path)
	case mode&os.ModeNamedPipe != 0:
		return fmt.Errorf("open %s: it is a named pipe, not a regular file; read it with the source for pipes", path)
	}
	return fmt.Errorf("open %s: it is not a regular file (%s)", path, info.Mode())
}

// start begins to read at offset, without a saved place.
func (g *generation) start(offset int64) {
	g.offset = offset
	g.ledger = pipeline.NewLedger(offset)
	g.head, g.before = g.firstBytes(), g.bytesBefore(offset)
	g.saved = g.describe()
}

// firstBytes are what a file is recognised by even if nothing was read of it.
func (g *generation) firstBytes() []byte {
	if g.unproven || g.file == nil || len(g.head) == fingerprintLen {
		return g.head
	}
	first := make([]byte, fingerprintLen)
	n, _ := g.file.ReadAt(first, 0) // if it fails, less is known
	return first[:n]
}

// learn looks at the first bytes of a file that was small when it was opened.
func (g *generation) learn() {
	if first := g.firstBytes(); bytes.HasPrefix(first, g.head) {
		g.head = first
	}
}

// resume begins to read where p says.
func (g *generation) resume(p pipeline.Place) {
	g.offset = p.Offset
	g.ledger = pipeline.RestoreLedger(p)
	g.head, g.before = g.firstBytes(), bytes.Clone(p.Before)
	if len(p.Before) == 0 {
		g.before = g.bytesBefore(p.Offset)
	}
	g.current = time.Unix(0, p.Modified)
	g.saved = p
}

func (g *generation) rotate(now time.Time) {
	if !g.rotated {
		g.rotated, g.quietSince = true, now
	}
}

// adopt reads on in another file with the same content: a copy, or the same
// file opened again.
func (g *generation) adopt(other *generation) {
	g.close()
	g.path, g.file, g.id = other.path, other.file, other.id
	g.size, g.changed = other.size, other.changed
	g.gap, g.noLine, g.latest, g.unlinked = 0, -1, nil, false
}

// anew returns what the file of a truncated generation holds now, as another
// one. It takes the handle.
func (g *generation) anew() *generation {
	fresh := &generation{
		path: g.path, file: g.file, id: g.id, rotated: g.rotated, quietSince: g.quietSince,
		named: g.named, current: g.current,
	}
	if info, err := g.file.Stat(); err == nil {
		fresh.size, fresh.changed = info.Size(), info.ModTime()
	}
	fresh.start(0)
	g.file = nil
	return fresh
}

// lose gives up a generation whose content is gone: what was read of it is in
// no file either.
func (g *generation) lose() (unread int64) {
	g.gone = true
	unread = g.unread()
	g.size = g.offset
	g.ledger.SetRisk(pipeline.Unlinked)
	return unread
}

// unread is how many bytes are there and not read, to judge by the last look.
func (g *generation) unread() int64 { return max(0, g.size-g.offset) }

// isReadable reports whether there is something to read now; over says that a
// rest without a newline is.
func (g *generation) isReadable(over bool) bool {
	return g.file != nil && g.unread() > 0 && (over || g.size != g.noLine)
}

func (g *generation) close() error {
	if g.file == nil {
		return nil
	}
	err := g.file.Close()
	g.file = nil
	return err
}

// load returns what follows the offset, or nothing if there is no whole line.
// It is valid until b is read into again. With over, a rest without a newline
// is returned too.
func (g *generation) load(b *pipeline.Block, opts Options, over bool) ([]byte, error) {
	info := g.latest
	if g.latest = nil; info == nil {
		var err error
		if info, err = g.file.Stat(); err != nil {
			return nil, err
		}
	}
	unchanged := info.Size() == g.size && info.ModTime().Equal(g.changed)
	switch {
	case info.Size() < max(g.offset, int64(len(g.head))):
		return nil, errTruncated
	case unchanged && g.size == g.offset, unchanged && g.size == g.noLine && !over:
		return nil, nil
	}
	return g.loadLine(b, opts, info)
}

// loadLine reads blocks of growing size until one holds a whole line.
func (g *generation) loadLine(b *pipeline.Block, opts Options, info os.FileInfo) ([]byte, error) {
	for want, maxLine := blockLen, opts.MaxLine; ; {
		data, err := g.pread(b, want)
		if err != nil {
			return nil, err
		}
		g.size, g.changed, g.noLine = info.Size(), info.ModTime(), -1 // not of a truncated file
		if g.gap == 0 {
			g.rememberHead(data, g.offset)
		}
		if len(data) == want && len(withoutNULs(data, 1, false)) == 0 {
			g.gap = g.nextData(g.gap + int64(want))
			return nil, errAgain
		}
		f := opts.Charset.form(g.head)
		if len(data) < want || want > maxLine || f.lineEnd(data) >= 0 {
			return data, nil
		}
		want = min(4*want, maxLine+f.unit)
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
		return nil, fmt.Errorf("read on at byte %d: %w", g.offset, err)
	}
	if n < lead || !bytes.Equal(buf[:lead], g.before) || !bytes.HasPrefix(buf[lead:n], g.ahead()) {
		return nil, errTruncated
	}
	if lead > 0 && g.named.After(g.current) {
		g.current = g.named
	}
	if g.gap == 0 {
		return buf[lead:n], nil
	}
	n, err = g.file.ReadAt(buf[lead:], g.offset+g.gap)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read on at byte %d: %w", g.offset+g.gap, err)
	}
	return buf[lead : lead+n], nil
}

// nextData returns the end of the NUL bytes behind the offset that a hole in
// the file stands for, given that there are gap of them at least. A truncation
// under a writer that does not append leaves such a hole.
func (g *generation) nextData(gap int64) int64 {
	at, err := g.file.NextData(g.offset + gap)
	if errors.Is(err, syscall.ENXIO) { // nothing but a hole up to the end
		return max(gap, g.size-g.offset)
	}
	if err != nil {
		return gap
	}
	return at - g.offset
}

// reading is what split did.
type reading struct {
	bytes int64 // how far the offset was moved
	lines int   // that were cut
	nuls  int64 // NUL bytes that were left out
}

// split cuts data into lines and moves the offset behind the last one.
func (g *generation) split(b *pipeline.Block, data []byte, f form, maxLine int, over bool) (r reading) {
	over = over && g.offset+g.gap+int64(len(data)) >= g.size
	start, at, rest := g.offset, g.offset+g.gap, data
	for len(b.Lines) < maxLines {
		length, size := cutLine(rest, f, maxLine, over)
		if size == 0 && !(over && start < at) {
			break
		}
		isCut := length == size && len(rest) >= maxLine+f.unit
		text := withoutNULs(rest[:length], f.unit, isCut)
		b.Lines = append(b.Lines, pipeline.Line{
			Text: text, Ledger: g.ledger, Range: pipeline.Range{Start: start, End: at + int64(size)},
		})
		if isCut {
			r.lines++
		}
		r.nuls += at - start + int64(length-len(text))
		rest = rest[size:]
		at += int64(size)
		start = at
	}
	if start == g.offset {
		g.noLine = at + int64(len(data))
		return r
	}
	r.bytes = g.advance(start, data[:len(data)-len(rest)])
	return r
}

// cutLine returns the length of the first line of data without and with its
// newline, or zeros if it has no end yet. Where a line is cut depends on its
// bytes alone, so that it comes out the same when it is read again.
func cutLine(data []byte, f form, maxLine int, over bool) (text, size int) {
	n := f.lineEnd(data[:min(len(data), maxLine+f.unit)])
	switch {
	case n >= 0:
		return n, n + f.unit
	case len(data) >= maxLine+f.unit:
		n = f.cut(data, maxLine)
	case over:
		n = len(data)
	default:
		return 0, 0
	}
	return n, n
}

// withoutNULs leaves out the NUL bytes, in whole units of the encoding, that a
// truncation under a writer that does not append puts before a line, and those
// behind a piece of a line that was cut.
func withoutNULs(text []byte, unit int, isCut bool) []byte {
	if len(text) > 0 && text[0] == 0 {
		zeros := len(text) - len(bytes.TrimLeft(text, "\x00"))
		text = text[zeros-zeros%unit:]
	}
	if isCut {
		zeros := len(text) - len(bytes.TrimRight(text, "\x00"))
		text = text[:len(text)-zeros+zeros%unit]
	}
	return text
}

// advance moves the offset to end, behind the last bytes that were read.
func (g *generation) advance(end int64, read []byte) int64 {
	moved := end - g.offset
	if g.gap > 0 {
		g.remember(make([]byte, fingerprintLen), g.offset) // a gap is a block at least
	}
	g.remember(read, g.offset+g.gap)
	g.ledger.Read(end)
	g.offset, g.gap = end, 0
	return moved
}

// ahead are the bytes behind the offset that are known.
func (g *generation) ahead() []byte { return g.head[min(g.offset, int64(len(g.head))):] }

// remember takes bytes that were read at an offset to head and before.
func (g *generation) remember(read []byte, offset int64) {
	g.rememberHead(read, offset)
	g.before = appendBefore(g.before, read)
}

func (g *generation) rememberHead(read []byte, offset int64) {
	if known := int64(len(g.head)) - offset; 0 <= known && known < int64(len(read)) {
		g.head = appendHead(g.head, read[known:])
	}
}

// appendHead adds read to the first bytes of a content.
func appendHead(head, read []byte) []byte {
	missing := max(0, fingerprintLen-len(head))
	return append(head, read[:min(missing, len(read))]...)
}

// appendBefore adds read to the last bytes of a content, and forgets those in
// front of them.
func appendBefore(before, read []byte) []byte {
	before = append(before, read[max(0, len(read)-beforeLen):]...)
	extra := max(0, len(before)-beforeLen)
	return append(before[:0], before[extra:]...)
}

// bytesBefore reads up to beforeLen bytes before offset.
func (g *generation) bytesBefore(offset int64) []byte {
	n := min(beforeLen, offset)
	return readAt(g.file, offset-n, n)
}

// readAt returns n bytes of f at offset, or nil if they are not there.
func readAt(f io.ReaderAt, offset, n int64) []byte {
	buf := make([]byte, n)
	if n == 0 {
		return buf
	}
	if _, err := f.ReadAt(buf, offset); err != nil {
		return nil
	}
	return buf
}

// place is what has to be saved for the generation. If the bytes before its
// position are not known any more, the position before is still right. Of what
// nothing can be read any more, the position alone counts.
func (g *generation) place() pipeline.Place {
	if g.ghost {
		return g.saved
	}
	g.learn()
	p := g.describe()
	if p.Before = g.savedBefore(p.Offset); p.Before == nil && !g.isLost() {
		p.Offset, p.Mark, p.Before = g.saved.Offset, g.saved.Mark, g.saved.Before
	}
	p.Notes = g.ledger.Notes(p.Offset)
	g.saved = p
	return p
}

// isLost reports whether no file is known that has the generation's content.
func (g *generation) isLost() bool { return g.file == nil && (g.gone || g.unlinked) }

// savedBefore returns the bytes before a position, nil if they are not known:
// those that are not remembered are read from the file, unless that was
// truncated meanwhile, for then the bytes before the offset are others too.
func (g *generation) savedBefore(position int64) []byte {
	switch {
	case position == g.offset:
		return append([]byte{}, g.before...)
	case position <= int64(len(g.head)):
		return append([]byte{}, g.head[max(0, position-beforeLen):position]...)
	case position == g.saved.Offset, g.file == nil:
		return nil
	}
	before := g.bytesBefore(position)
	if g.isTruncated() {
		return nil
	}
	return before
}

// describe is the generation's place without the bytes before it.
func (g *generation) describe() pipeline.Place {
	offset, mark := g.ledger.Position()
	return pipeline.Place{
		Path: g.path, Device: g.id.device, Inode: g.id.inode,
		FingerprintLen: int64(len(g.head)), Fingerprint: fingerprint(g.head),
		Offset: offset, Mark: mark, Size: max(g.size, g.offset), Modified: g.current.UnixNano(),
	}
}

// fingerprint returns the hash of the first bytes that were read, and how many
// these are.
func (g *generation) fingerprint() (n int64, print string) {
	if g.ghost {
		return g.saved.FingerprintLen, g.saved.Fingerprint
	}
	return int64(len(g.head)), fingerprint(g.head)
}

// isRecognisable reports whether enough was read to tell what is a copy.
func (g *generation) isRecognisable() bool {
	n, _ := g.fingerprint()
	return n > 0 && n <= fingerprintLen
}

// fingerprint is the hash of a file's first bytes, "" of none.
func fingerprint(head []byte) string {
	if len(head) == 0 {
		return ""
	}
	sum := sha256.Sum256(head)
	return hex.EncodeToString(sum[:])
}

// isTruncated reports whether bytes that are known around the offset have changed.
func (g *generation) isTruncated() bool {
	want := append(g.before[:len(g.before):len(g.before)], g.ahead()...)
	if g.file == nil || len(want) == 0 {
		return false
	}
	buf := make([]byte, len(want))
	n, err := g.file.ReadAt(buf, g.offset-int64(len(g.before)))
	if err != nil && !errors.Is(err, io.EOF) {
		return false // reading will tell
	}
	return !bytes.Equal(buf[:n], want)
}

// is reports whether g is the file that p describes, renamed or grown.
func (g *generation) is(p pipeline.Place) bool {
	return g.id.inode == p.Inode && (p.Device == 0 || p.Device == g.id.device) && g.holds(p)
}

// holds reports whether the file has the content that p describes.
func (g *generation) holds(p pipeline.Place) bool {
	damaged := p.Offset < 0 || p.Offset > 0 && p.FingerprintLen == 0 || p.FingerprintLen > fingerprintLen
	if damaged || g.unproven || g.size < max(p.Offset, p.FingerprintLen) {
		return false
	}
	if p.FingerprintLen > 0 && fingerprint(readAt(g.file, 0, p.FingerprintLen)) != p.Fingerprint {
		return false
	}
	if p.Offset > 0 && len(p.Before) == 0 { // nothing but the size tells
		return g.size == p.Size
	}
	return bytes.Equal(g.bytesBefore(p.Offset), p.Before)
}

// isCopiedTo reports whether other is a copy of what g begins with, as a copy
// is before the truncation that follows it. Small files are not compared: they
// may begin alike for other reasons.
func (g *generation) isCopiedTo(other *generation) bool {
	return other.size >= fingerprintLen && g.beginsLike(other)
}

// beginsLike reports whether g begins with all that other holds, to judge by
// samples.
func (g *generation) beginsLike(other *generation) bool {
	const samples = 16
	n := other.size
	if n > g.size || other.unproven {
		return false
	}
	length := min(n, fingerprintLen)
	for i := range int64(samples) {
		at := (n - length) * i / (samples - 1)
		text := readAt(g.file, at, length)
		if text == nil || !bytes.Equal(text, readAt(other.file, at, length)) {
			return false
		}
		if at == n-length {
			break
		}
	}
	return true
}
