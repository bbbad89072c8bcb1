package file

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// world is one random history: a writer that writes, rotates and truncates, and
// a collector that reads, settles, saves, crashes and starts again.
type world struct {
	*tail
	r *rand.Rand

	// The writer.
	naming   func(w *world)  // makes the rotated file free to be used
	target   string          // the suffix that naming made free
	header   string          // what the first line of each generation begins with
	pad      int             // how long lines are at most
	number   int             // of lines
	written  map[string]bool // lines that must arrive
	rotated  string          // the suffix of the file that was renamed last
	renamed  time.Time
	copying  bool // a copy was made, and its truncation has to follow
	rotation int

	// The collector.
	arrived map[string]int  // how often
	final   map[string]bool // was settled when the places were saved last
	pending []pipeline.Line // not settled
	read    []pipeline.Line // since it started
	saved   []pipeline.Place
}

// TestEveryLineArrives plays random histories. Every line has to arrive, and
// one that lay before the saved position has to arrive no second time.
func TestEveryLineArrives(t *testing.T) {
	n := uint64(2000)
	if testing.Short() {
		n = 200
	}
	for seed := range n {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			newWorld(t, seed).play()
		})
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		tail: newTail(t), r: rand.New(rand.NewPCG(seed, 0)),
		written: map[string]bool{}, arrived: map[string]int{}, final: map[string]bool{},
	}
	w.opts.Rotated = true
	w.pad = []int{10, 100, 3000}[w.r.IntN(3)]
	if w.r.IntN(4) == 0 {
		w.header = strings.Repeat("=", 30+w.r.IntN(2)*2000)
	}
	w.naming = (*world).nextNumber
	if w.r.IntN(3) == 0 {
		w.naming = (*world).nextDate
	}
	return w
}

// nextNumber moves app.log.1 to app.log.2, and so on.
func (w *world) nextNumber() {
	for i := w.rotation; i > 0; i-- {
		os.Rename(w.path(fmt.Sprint(".", i)), w.path(fmt.Sprint(".", i+1)))
	}
	w.target = ".1"
	if w.rotated != "" {
		n, _ := strconv.Atoi(w.rotated[1:])
		w.rotated = fmt.Sprint(".", n+1)
	}
}

func (w *world) nextDate() { w.target = fmt.Sprintf("-20260102-%06d", w.rotation) }

func (w *world) play() {
	w.write("", "")
	w.open()
	w.save()
	steps := []struct {
		weight int
		do     func()
	}{
		{8, w.writeLines}, {2, w.writePart}, {3, w.rename}, {3, w.copytruncate}, {1, w.copyOnly}, {2, w.writeLate},
		{10, w.look}, {1, w.linger}, {1, w.follow}, {5, w.settleSome}, {3, w.save}, {2, w.crash},
	}
	var bag []func()
	for _, s := range steps {
		for range s.weight {
			bag = append(bag, s.do)
		}
	}
	for range 40 {
		bag[w.r.IntN(len(bag))]()
		if w.t.Failed() {
			return
		}
	}
	w.check()
}

// writeLines writes whole lines. Sometimes it writes many.
func (w *world) writeLines() {
	w.truncateAfterCopy()
	n := w.r.IntN(5)
	if w.r.IntN(10) == 0 {
		n = 100
	}
	w.write("", w.newLines(n))
}

func (w *world) newLines(n int) string {
	header := w.header
	if info, err := os.Stat(w.name); err == nil && info.Size() > 0 {
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

// writePart writes a line in two parts, and lets the collector look between.
func (w *world) writePart() {
	w.truncateAfterCopy()
	line := w.newLines(1)
	cut := w.r.IntN(len(line))
	w.write("", line[:cut])
	w.look()
	w.write("", line[cut:])
}

// rename is a rotation that renames, now and then with a last line that has no
// newline, or with a name that is missing for a while.
func (w *world) rename() {
	w.truncateAfterCopy()
	if w.r.IntN(3) == 0 {
		w.write("", strings.TrimSuffix(w.newLines(1), "\n"))
	}
	w.naming(w)
	w.tail.rename("", w.target)
	w.rotation++
	w.rotated, w.renamed = w.target, w.now
	if w.r.IntN(3) == 0 {
		w.look()
	}
	w.write("", "")
}

func (w *world) copytruncate() {
	w.copyOnly()
	w.truncateAfterCopy()
}

// copyOnly copies, and leaves the truncation to the writer's next step. Small
// files are truncated at once.
func (w *world) copyOnly() {
	w.truncateAfterCopy()
	w.naming(w)
	w.copyTo(w.target)
	w.rotation++
	w.copying = true
	if info, err := os.Stat(w.name); err != nil || info.Size() < fingerprintLen {
		w.truncateAfterCopy()
	}
}

func (w *world) truncateAfterCopy() {
	if w.copying {
		w.truncate()
	}
	w.copying = false
}

// writeLate writes to the renamed file, as a program does that has not opened
// the new one yet.
func (w *world) writeLate() {
	if w.rotated == "" || w.now.Sub(w.renamed) > 3*time.Second {
		return
	}
	text, err := os.ReadFile(w.path(w.rotated))
	if err != nil {
		w.t.Fatal(err)
	}
	if n := len(text); n > 0 && text[n-1] != '\n' { // the line goes on
		start := strings.LastIndexByte(string(text), '\n') + 1
		line := string(text[start:])
		delete(w.written, line)
		w.written[line+"+"] = true
		w.write(w.rotated, "+\n")
	}
	w.write(w.rotated, w.newLines(1+w.r.IntN(3)))
}

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
		text := string(l.Text)
		if w.final[text] {
			w.t.Fatalf("line %.40q comes again, and had been settled when the places were saved", text)
		}
		w.arrived[text]++
		l.Text = []byte(text)
		w.pending, w.read = append(w.pending, l), append(w.read, l)
	}
}

// linger lets rotated files be over.
func (w *world) linger() {
	w.pass(6 * time.Second)
	w.look()
}

// follow is what the collector does while memory is full.
func (w *world) follow() {
	w.pass(time.Second)
	w.src.Follow(w.now)
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
	}
	for _, l := range w.read {
		at, ok := offsets[l.Ledger]
		if !ok { // it is forgotten
			at, _ = l.Ledger.Position()
		}
		if at >= l.Range.End {
			w.final[string(l.Text)] = true
		}
	}
}

// crash forgets everything but what was saved.
func (w *world) crash() {
	if w.r.IntN(2) == 0 {
		w.save() // it was a stop, not a crash
	}
	w.close()
	w.pending, w.read = nil, nil
	for range w.r.IntN(4) { // rotations and all while down
		[]func(){w.writeLines, w.copytruncate, w.renameWhileDown}[w.r.IntN(3)]()
	}
	w.open(w.saved...)
}

func (w *world) renameWhileDown() {
	w.truncateAfterCopy()
	w.naming(w)
	w.tail.rename("", w.target)
	w.rotation++
	w.rotated, w.renamed = w.target, w.now
	w.write("", "")
}

// check lets everything be over and counts.
func (w *world) check() {
	w.truncateAfterCopy()
	w.write("", w.newLines(1))
	for range 3 {
		w.pass(6 * time.Second)
		for range 2 * (w.rotation + 2) {
			w.turn()
		}
	}
	for line := range w.written {
		if w.arrived[line] == 0 {
			w.t.Errorf("line %.40q did not arrive", line)
		}
	}
	for line := range w.arrived {
		if !w.written[line] && !w.written[line+"+"] {
			w.t.Errorf("line %.40q arrived and was not written", line)
		}
	}
	w.wantLost()
	settle(w.pending)
	if n := w.src.Unsettled(); n != 0 {
		w.t.Errorf("%d bytes are unsettled at the end", n)
	}
	w.checkPlaces()
}

// checkPlaces starts once more: nothing is left to read.
func (w *world) checkPlaces() {
	places := w.src.Places()
	w.close()
	w.open(slices.Clone(places)...)
	before := len(w.read)
	for range 2 * (w.rotation + 2) {
		w.turn()
		w.pass(time.Second)
	}
	if n := len(w.read) - before; n > 0 {
		w.t.Errorf("%d lines come again after everything was settled", n)
	}
}
