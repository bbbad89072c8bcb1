package file

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// world is one random history: a writer that writes, rotates, truncates,
// compresses and removes, and a collector that reads, settles, saves, crashes
// and starts again.
type world struct {
	*tail
	r   *rand.Rand
	sim *simFiles // nil: real files, and none is removed

	// The writer.
	header   string          // what the first line of each generation begins with
	pad      int             // how long lines are at most
	number   int             // of lines
	written  map[string]bool // lines that must arrive
	dated    bool            // rotated files have dates, not numbers
	rotated  []string        // the suffixes of rotated files, oldest first
	keep     int             // how many of them
	rotation int
	late     string // the suffix of the file that may still be written to
	renamed  time.Time
	copying  bool // a copy was made, and its truncation has to follow
	packing  *packing

	// The collector.
	arrived map[string]int  // how often, as far as a crash has not undone it
	final   map[string]bool // was settled when the places were saved last
	times   map[string]int64
	timed   map[string]bool // its time was saved
	ends    map[*pipeline.Ledger]int64
	pending []pipeline.Line // not settled
	read    []pipeline.Line // since it started
	saved   []pipeline.Place
	named   int64 // bytes that Options.Lost told
}

// packing is a compressed file in the making.
type packing struct {
	from, to string // suffixes
	packed   []byte
	done     int
	direct   bool // from is the name, which is truncated then
}

// TestEveryLineArrives plays random histories in a simulated file system. Every
// line has to arrive, or to be told as lost if no file has it any more; one that
// lay before the saved position has to arrive no second time; lines of a
// generation arrive in their order, and with the read time they had before a
// crash.
func TestEveryLineArrives(t *testing.T) {
	n := uint64(10_000)
	if testing.Short() {
		n = 1000
	}
	percent := debug.SetGCPercent(300) // little is in use, and much is made
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	for seed := range n {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			sim := newSimFiles(r)
			w := newWorld(newTailOf(t, sim, "/log"), r)
			w.sim = sim
			buf := buffers.Get().(*[]byte)
			w.block.Buf = *buf
			defer func() { *buf = w.block.Buf; buffers.Put(buf) }()
			if r.IntN(2) == 0 {
				w.keep = 1 + r.IntN(4)
			}
			w.play()
		})
	}
}

// buffers are used again because they are large.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// TestEveryLineOfRealFilesArrives plays histories in the real file system, so
// that the simulated one does not prove what is not so.
func TestEveryLineOfRealFilesArrives(t *testing.T) {
	n := uint64(300)
	if testing.Short() {
		n = 50
	}
	for seed := range n {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			newWorld(newTail(t), rand.New(rand.NewPCG(seed, 1))).play()
		})
	}
}

func newWorld(tl *tail, r *rand.Rand) *world {
	w := &world{
		tail: tl, r: r, keep: 1000, dated: r.IntN(3) == 0,
		written: map[string]bool{}, arrived: map[string]int{}, final: map[string]bool{},
		times: map[string]int64{}, timed: map[string]bool{}, ends: map[*pipeline.Ledger]int64{},
	}
	lost := w.opts.Lost
	w.opts.Lost = func(path string, bytes int64, why string) {
		w.named += bytes
		lost(path, bytes, why)
	}
	w.opts.Rotated = true
	w.pad = []int{10, 100, 500}[r.IntN(3)]
	if r.IntN(4) == 0 {
		w.header = strings.Repeat("=", 30)
	}
	return w
}

func (w *world) play() {
	w.write("", "")
	w.open()
	w.save()
	steps := []struct {
		weight int
		do     func()
	}{
		{8, w.writeLines}, {2, w.writePart}, {3, w.rename}, {3, w.copytruncate}, {1, w.copyOnly}, {2, w.writeLate},
		{3, w.compress}, {1, w.compressDirectly}, {1, w.recreate},
		{10, w.look}, {1, w.linger}, {1, w.follow}, {5, w.settleSome}, {3, w.save}, {2, w.crash},
	}
	var bag []func()
	for _, s := range steps {
		for range s.weight {
			bag = append(bag, s.do)
		}
	}
	for range 40 {
		w.pack()
		bag[w.r.IntN(len(bag))]()
		if w.t.Failed() {
			return
		}
	}
	w.check()
}

// The writer.

// writeLines writes whole lines. Sometimes it writes many.
func (w *world) writeLines() {
	w.endCopy()
	n := w.r.IntN(5)
	if w.r.IntN(10) == 0 {
		n = 50
	}
	w.write("", w.newLines(n))
}

func (w *world) newLines(n int) string {
	header := w.header
	if w.size("") > 0 {
		header = ""
	}
	var b strings.Builder
	for range n {
		w.number++
		line := fmt.Sprintf("%s%06d", header, w.number)
		line += strings.Repeat(fmt.Sprintf(" %d", w.number), w.r.IntN(w.pad)/4)
		header = ""
		w.written[line] = true
		b.WriteString(line + "\n")
	}
	return b.String()
}

// size is how large the file with a suffix is, 0 if there is none.
func (w *world) size(suffix string) int64 {
	info, err := w.files.Stat(w.path(suffix))
	if err != nil {
		return 0
	}
	return info.Size()
}

// writePart writes a line in two parts, and lets the collector look between.
func (w *world) writePart() {
	w.endCopy()
	line := w.newLines(1)
	cut := w.r.IntN(len(line))
	w.write("", line[:cut])
	w.look()
	w.write("", line[cut:])
}

// free makes the suffix of the next rotated file free, and returns it. What is
// beyond those that are kept is removed.
func (w *world) free() string {
	w.endCopy()
	w.endPacking()
	for len(w.rotated) >= w.keep {
		w.remove(w.rotated[0])
		if w.late == w.rotated[0] {
			w.late = ""
		}
		w.rotated = w.rotated[1:]
	}
	w.rotation++
	suffix := fmt.Sprintf("-20260102-%06d", w.rotation)
	if !w.dated {
		for i, old := range w.rotated {
			next := fmt.Sprint(".", len(w.rotated)-i+1)
			if strings.HasSuffix(old, zipSuffix) {
				next += zipSuffix
			}
			w.tail.rename(old, next)
			if w.late == old {
				w.late = next
			}
			w.rotated[i] = next
		}
		suffix = ".1"
	}
	w.rotated = append(w.rotated, suffix)
	return suffix
}

// rename is a rotation that renames, now and then with a last line that has no
// newline, or with a name that is missing for a while.
func (w *world) rename() {
	w.renameWhileDown()
	if w.r.IntN(3) == 0 {
		w.look()
	}
	w.write("", "")
}

func (w *world) renameWhileDown() {
	suffix := w.free()
	if w.r.IntN(3) == 0 {
		w.write("", strings.TrimSuffix(w.newLines(1), "\n"))
	}
	w.write("", "")
	w.tail.rename("", suffix)
	w.late, w.renamed = suffix, w.now
	if w.r.IntN(2) == 0 {
		w.write("", "")
	}
}

func (w *world) copytruncate() {
	w.copyOnly()
	w.endCopy()
}

// copyOnly copies, and leaves the truncation to the writer's next step. Small
// files are truncated at once.
func (w *world) copyOnly() {
	suffix := w.free()
	w.write("", "")
	w.copyTo(suffix)
	w.inherit("", suffix)
	w.copying = true
	if w.size("") < fingerprintLen {
		w.endCopy()
	}
}

// inherit notes that a file has the content of another.
func (w *world) inherit(from, to string) {
	if w.sim != nil {
		w.sim.names[w.path(to)].known = w.sim.names[w.path(from)].known
	}
}

func (w *world) endCopy() {
	if w.packing != nil && w.packing.direct {
		w.endPacking()
	}
	if w.copying {
		w.truncate()
	}
	w.copying = false
}

// packed is text as a gzip file. What is simulated is stored in it as it is, for
// compressing takes most of the time.
func (w *world) packed(suffix string) []byte {
	text := w.content(suffix)
	if w.sim == nil {
		return gzipped(w.t, text)
	}
	const most = 1<<16 - 1 // bytes of a block
	b := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	for rest, last := text, byte(0); last == 0; {
		n := min(most, len(rest))
		if n == len(rest) {
			last = 1
		}
		b = append(b, last)
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = binary.LittleEndian.AppendUint16(b, ^uint16(n))
		b, rest = append(b, rest[:n]...), rest[n:]
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(text))
	return binary.LittleEndian.AppendUint32(b, uint32(len(text)))
}

// compress begins to compress one of the last two rotated files.
func (w *world) compress() {
	n := len(w.rotated)
	if w.packing != nil || w.copying || n == 0 {
		return
	}
	from := w.rotated[n-1-w.r.IntN(min(n, 2))]
	if strings.HasSuffix(from, zipSuffix) {
		return
	}
	w.packing = &packing{from: from, to: from + zipSuffix, packed: w.packed(from)}
	if w.late == from {
		w.late = ""
	}
}

// compressDirectly begins to compress the name, which is truncated then.
func (w *world) compressDirectly() {
	to := w.free() + zipSuffix
	w.rotated[len(w.rotated)-1] = to
	w.write("", "")
	w.packing = &packing{to: to, packed: w.packed(""), direct: true}
}

// pack writes some more of a compressed file.
func (w *world) pack() {
	p := w.packing
	if p == nil {
		return
	}
	n := min(len(p.packed)-p.done, 1+w.r.IntN(2*len(p.packed)/3))
	w.write(p.to, string(p.packed[p.done:p.done+n]))
	p.done += n
	if p.done < len(p.packed) || w.r.IntN(2) == 0 {
		return
	}
	w.packing = nil
	if w.sim != nil {
		w.sim.names[w.path(p.to)].content = append([]byte{}, w.content(p.from)...)
	}
	w.inherit(p.from, p.to)
	if p.direct {
		w.truncate()
		return
	}
	if w.r.IntN(2) == 0 {
		info, err := w.files.Stat(w.path(p.from))
		w.must(err)
		w.must(w.files.SetTime(w.path(p.to), info.ModTime()))
	}
	w.remove(p.from)
	w.rotated[slices.Index(w.rotated, p.from)] = p.to
}

func (w *world) endPacking() {
	for w.packing != nil {
		w.pack()
	}
}

// recreate removes the name and makes it anew.
func (w *world) recreate() {
	w.endCopy()
	if w.sim == nil || w.keep > 10 {
		return
	}
	w.write("", "")
	w.remove("")
	w.write("", w.newLines(w.r.IntN(3)))
}

// writeLate writes to the renamed file, as a program does that has not opened
// the new one yet.
func (w *world) writeLate() {
	if !slices.Contains(w.rotated, w.late) || w.now.Sub(w.renamed) > 3*time.Second {
		return
	}
	text := w.content(w.late)
	if n := len(text); n > 0 && text[n-1] != '\n' { // the line goes on
		start := bytes.LastIndexByte(text, '\n') + 1
		line := string(text[start:])
		delete(w.written, line)
		w.written[line+"+"] = true
		w.write(w.late, "+\n")
	}
	w.write(w.late, w.newLines(1+w.r.IntN(3)))
}

// The collector.

// look lets the collector have some turns.
func (w *world) look() {
	w.pass(time.Duration(w.r.IntN(400)) * time.Millisecond)
	for range 1 + w.r.IntN(4) {
		w.turn()
	}
}

func (w *world) turn() {
	w.block.Reset()
	if err := w.src.Read(&w.block, w.now); err != nil {
		w.t.Fatalf("read: %v", err)
	}
	for _, l := range w.block.Lines {
		l.Text = bytes.Clone(l.Text)
		w.take(l)
	}
	w.spool()
}

func (w *world) take(l pipeline.Line) {
	text := string(l.Text)
	if w.final[text] {
		w.t.Fatalf("line %.40q comes again, and had been settled when the places were saved", text)
	}
	if end, ok := w.ends[l.Ledger]; ok && l.Range.Start != end {
		w.t.Fatalf("line %.40q is at %v, the line before it ended at %d", text, l.Range, end)
	}
	w.ends[l.Ledger] = l.Range.End
	at, _ := l.Ledger.Restored().TimeAt(l.Range.Start)
	if w.timed[text] && at != w.times[text] {
		w.t.Fatalf("line %.40q was read at %d, and now the time is %d", text, w.times[text], at)
	}
	if at == 0 {
		at = w.now.UnixNano()
		l.Ledger.NoteTime(l.Range.Start, at)
	}
	w.times[text] = at
	w.arrived[text]++
	w.pending, w.read = append(w.pending, l), append(w.read, l)
}

// spool settles lines that are in no file with a name, as whoever sends them
// writes them to disk at once.
func (w *world) spool() {
	w.pending = slices.DeleteFunc(w.pending, func(l pipeline.Line) bool {
		spooled := l.Ledger.Risk() == pipeline.Unlinked
		if spooled {
			settle([]pipeline.Line{l})
		}
		return spooled
	})
}

// linger lets rotated files be over.
func (w *world) linger() {
	w.endPacking() // it does not stop for so long
	w.pass(6 * time.Second)
	w.look()
}

// follow is what the collector does while memory is full.
func (w *world) follow() {
	w.pass(time.Second)
	w.src.Follow(w.now)
	w.spool()
}

// settleSome settles lines in any order.
func (w *world) settleSome() {
	w.r.Shuffle(len(w.pending), func(i, j int) { w.pending[i], w.pending[j] = w.pending[j], w.pending[i] })
	n := w.r.IntN(len(w.pending) + 1)
	settle(w.pending[:n])
	w.pending = w.pending[n:]
}

func (w *world) save() {
	w.saved = w.src.Places()
	offsets := map[*pipeline.Ledger]int64{}
	for _, g := range w.src.gens {
		offsets[g.ledger] = g.saved.Offset // behind the position after a truncation
		if n := simulated(g); n != nil && !g.unproven && !g.isTruncated() {
			n.known = max(n.known, g.size)
		}
	}
	for _, l := range w.read {
		at, ok := offsets[l.Ledger]
		if !ok { // it is forgotten
			at, _ = l.Ledger.Position()
		}
		w.timed[string(l.Text)] = at < l.Range.End
		if at >= l.Range.End {
			w.final[string(l.Text)] = true
		}
	}
}

// simulated is the file that a generation has open, nil if that is none of a
// simulation.
func simulated(g *generation) *inode {
	file := g.file
	if a, ok := file.(*archive); ok {
		file = a.packed
	}
	if h, ok := file.(*simHandle); ok {
		return h.n
	}
	return nil
}

// crash forgets everything but what was saved. What was not settled has not
// arrived.
func (w *world) crash() {
	switch w.r.IntN(4) {
	case 0, 1:
		w.save() // it was a stop, not a crash
	case 2:
		w.src.Places() // it crashed while these were written
	}
	w.close()
	for _, l := range w.pending {
		w.arrived[string(l.Text)]--
	}
	w.pending, w.read = nil, nil
	for range w.r.IntN(5) { // rotations and all while down
		w.pack()
		[]func(){w.writeLines, w.copytruncate, w.renameWhileDown, w.compress, w.compressDirectly, w.recreate}[w.r.IntN(6)]()
	}
	w.write("", "")
	w.open(w.saved...)
}

// check lets everything be over and counts.
func (w *world) check() {
	w.endCopy()
	w.endPacking()
	w.write("", w.newLines(1))
	for range 3 {
		w.pass(6 * time.Second)
		for range 2 * (w.rotation + 5) {
			w.turn()
		}
	}
	gone, told := w.gone()
	for line := range w.written {
		if w.arrived[line] == 0 && !gone[line] {
			w.t.Errorf("line %.40q did not arrive", line)
		}
	}
	for line := range w.arrived {
		if !w.written[line] && !w.written[line+"+"] {
			w.t.Errorf("line %.40q arrived and was not written", line)
		}
	}
	if w.named < told {
		w.t.Errorf("%d bytes are gone that places knew of, %d were told: %q", told, w.named, w.lost)
	}
	if w.sim == nil || len(gone) == 0 && w.keep > 10 {
		w.wantLost()
	}
	settle(w.pending)
	if n := w.src.Unsettled(); n != 0 {
		w.t.Errorf("%d bytes are unsettled at the end", n)
	}
	w.checkPlaces()
}

// gone returns the lines that are in no file any more, and how many bytes of
// those that did not arrive were in files whose places were saved.
func (w *world) gone() (lines map[string]bool, told int64) {
	lines = map[string]bool{}
	if w.sim == nil {
		return lines, 0
	}
	left := map[string]bool{}
	for _, n := range w.sim.names {
		n.each(func(line string, _, _ int64) { left[line] = true })
	}
	for _, n := range w.sim.dead {
		n.each(func(line string, size, end int64) {
			if left[line] || lines[line] {
				return
			}
			lines[line] = true
			if w.arrived[line] == 0 && end <= n.known {
				told += size
			}
		})
	}
	return lines, told
}

// each calls f for each line of a file, with its length and its end in bytes.
func (n *inode) each(f func(line string, size, end int64)) {
	text := n.text
	if n.content != nil {
		text = n.content
	}
	var end int64
	for line := range bytes.Lines(text) {
		end += int64(len(line))
		f(string(bytes.TrimSuffix(line, []byte("\n"))), int64(len(line)), end)
	}
}

// checkPlaces starts once more: nothing is left to read.
func (w *world) checkPlaces() {
	places := w.src.Places()
	w.close()
	w.open(slices.Clone(places)...)
	before := len(w.read)
	for range w.rotation + 5 {
		w.turn()
		w.pass(time.Second)
	}
	if n := len(w.read) - before; n > 0 {
		w.t.Errorf("%d lines come again after everything was settled", n)
	}
}
