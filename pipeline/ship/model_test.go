package ship

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Random histories of one client with a spool: batches of files and pipes, files
// that lose their names, a Loki that answers anything, a disk that is full, slow
// or fails, stops and crashes. At their end every line is stored, in quarantine
// or counted as dropped, in the order of its stream, and nothing is left over.
func TestRandomHistoriesLoseAndReorderNothing(t *testing.T) {
	histories := 200
	if testing.Short() {
		histories = 50
	}
	for seed := range uint64(histories) {
		ok := t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			bubble(t, func(t *testing.T) { newHistory(t, seed).run() })
		})
		if !ok {
			return
		}
	}
}

// history is a client, what it is sent, and what became of that.
type history struct {
	t    *testing.T
	rand *rand.Rand
	rig  *rig
	disk *memorySpool

	alone   bool
	streams [3][]*generation
	lines   [3]int // written

	mu    sync.Mutex // guards what senders and Loki use
	loki  *rand.Rand // decides its answers
	mode  lokiMode
	kept  map[string]bool // lines in quarantine
	keeps error           // why nothing can be put there

	stored  [3][]string     // entries, in the order in which Loki stored them
	excused map[string]bool // lines that a stop may lose
	given   int             // up for a full spool
	starts  int             // of clients
}

// generation is a file, or a pipe, whose lines are all of one stream.
type generation struct {
	ledger *pipeline.Ledger
	saved  pipeline.Place
	lines  []string
	starts []int64 // of the lines
	end    int64
}

type lokiMode int

const (
	lokiIsUp lokiMode = iota
	lokiIsFlaky
	lokiIsDown
	lokiHangs
)

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), loki: rand.New(rand.NewPCG(seed, 1)), disk: newMemorySpool(1 << 20),
		kept: map[string]bool{}, excused: map[string]bool{},
	}
	h.alone = h.rand.IntN(2) == 0
	for i := range h.streams {
		h.begin(i)
	}
	h.start()
	return h
}

// start starts a client with what the one before left.
func (h *history) start() {
	h.starts++
	loki := newSink(h.t)
	loki.say(h.answer)
	h.rig = startRig(h.t, loki, h.disk, func(o *Options) {
		o.Alone, o.Share, o.Quarantine = h.alone, 128<<10, h.quarantine
		o.MaxBackoff = minute
	})
}

func (h *history) run() {
	for range 30 + h.rand.IntN(120) {
		h.step()
	}
	h.set(func() { h.mode, h.keeps = lokiIsUp, nil })
	h.disk.change(func(s *memorySpool) { s.fails, s.readFails, s.slow = nil, nil, 0 })
	time.Sleep(20 * minute)
	h.wantNothingLeft()
	h.end()
	missing := h.given
	for i := range h.streams {
		missing -= h.wantStored(i)
	}
	if missing < 0 {
		h.t.Errorf("%d lines are lost and not counted", -missing)
	}
}

func (h *history) step() {
	switch n := h.rand.IntN(100); {
	case n < 45:
		h.send(h.rand.IntN(len(h.streams)), 1+h.rand.IntN(6))
	case n < 49:
		h.save()
	case n < 66:
		time.Sleep(time.Duration(h.rand.Int64N(int64(4 * time.Second))))
	case n < 68:
		time.Sleep(time.Duration(h.rand.Int64N(int64(minute))))
	case n < 74:
		h.begin(h.rand.IntN(len(h.streams)))
	case n < 80:
		h.unlink(h.rand.IntN(len(h.streams)))
	case n < 86:
		mode := lokiMode(h.rand.IntN(4))
		h.set(func() { h.mode = mode })
	case n < 89:
		limit := []int{0, 150, 400, 1 << 20}[h.rand.IntN(4)]
		h.disk.change(func(s *memorySpool) { s.limit = limit })
	case n < 91:
		h.disk.change(func(s *memorySpool) { s.fails = either(s.fails) })
	case n < 93:
		h.disk.change(func(s *memorySpool) { s.readFails = either(s.readFails) })
	case n < 95:
		h.set(func() { h.keeps = either(h.keeps) })
	case n < 98:
		slow := time.Duration(h.rand.Int64N(int64(2 * time.Second)))
		h.disk.change(func(s *memorySpool) { s.slow = slow })
	default:
		h.restart(h.rand.IntN(2) == 0)
	}
	synctest.Wait()
	h.rig.wantCounts()
}

// either is an error in place of none, and the other way round.
func either(err error) error {
	if err != nil {
		return nil
	}
	return errors.New("input/output error")
}

// begin begins another file or pipe of a stream.
func (h *history) begin(stream int) {
	g := &generation{ledger: pipeline.NewLedger(0)}
	if h.rand.IntN(3) == 0 {
		g.ledger.SetRisk(pipeline.Fleeting)
	}
	h.streams[stream] = append(h.streams[stream], g)
}

// unlink takes the name of one of a stream's files.
func (h *history) unlink(stream int) {
	g := h.streams[stream][h.rand.IntN(len(h.streams[stream]))]
	if g.ledger.Risk() == pipeline.Repeatable {
		g.ledger.SetRisk(pipeline.Unlinked)
	}
}

// send writes lines to the last file or pipe of a stream, and delivers them.
func (h *history) send(stream, n int) {
	g := h.streams[stream][len(h.streams[stream])-1]
	first := len(g.lines)
	for range n {
		line := fmt.Sprintf("%d %d", stream, h.lines[stream])
		if h.rand.IntN(20) == 0 {
			line += " bad"
		}
		h.lines[stream]++
		g.lines, g.starts = append(g.lines, line), append(g.starts, g.end)
		g.end += int64(len(line)) + 1
	}
	h.deliver(stream, g, first)
}

// deliver delivers the lines of g from number first on.
func (h *history) deliver(stream int, g *generation, first int) {
	h.rig.ledger = g.ledger
	for ; first < len(g.lines); first++ {
		h.rig.read = g.starts[first]
		h.rig.add(strconv.Itoa(stream), g.lines[first])
	}
	h.rig.outbox.Flush()
}

func (h *history) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// answer is Loki's.
func (h *history) answer(got *received) answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch h.mode {
	case lokiIsDown:
		return answer{status: http.StatusServiceUnavailable}
	case lokiHangs:
		if h.loki.IntN(2) == 0 {
			return answer{hang: true, stores: isGood}
		}
		return answer{hang: true}
	case lokiIsFlaky:
		switch h.loki.IntN(10) {
		case 0:
			return answer{status: http.StatusTooManyRequests}
		case 1:
			return answer{status: http.StatusInternalServerError}
		case 2:
			return answer{hang: true}
		case 3:
			return answer{cut: true, stores: isGood}
		case 4:
			if len(got.lines) > 2 {
				return answer{status: http.StatusRequestEntityTooLarge}
			}
		case 5:
			return answer{status: http.StatusBadGateway}
		}
	}
	if slices.ContainsFunc(got.lines, func(line string) bool { return !isGood(line) }) {
		return answer{status: http.StatusBadRequest, text: "max entry size exceeded", stores: isGood}
	}
	return answer{}
}

func isGood(line string) bool { return !strings.Contains(line, "bad") }

func (h *history) quarantine(all []Refused) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.keeps != nil {
		return h.keeps
	}
	for _, r := range all {
		for i := r.From; i < r.To; i++ {
			h.kept[string(r.Batch.Line(i))] = true
		}
	}
	return nil
}

// save saves the positions.
func (h *history) save() {
	for _, generations := range h.streams {
		for _, g := range generations {
			g.saved.Offset, g.saved.Mark = g.ledger.Position()
		}
	}
}

// restart ends the client, as a stop or as a crash does, and starts another
// that reads files that have a name from the saved positions on.
func (h *history) restart(stops bool) {
	h.disk.change(func(s *memorySpool) { s.slow = 0 })
	time.Sleep(5 * time.Second) // the clock of a bubble stands still while somebody waits for a lock
	safe := false
	if stops {
		h.rig.client.Save()
		h.disk.change(func(s *memorySpool) { safe = s.fails == nil && s.limit == 1<<20 })
	}
	h.end()
	if stops {
		h.save()
	}
	for _, generations := range h.streams {
		for _, g := range generations {
			if g.ledger.Risk() == pipeline.Repeatable {
				g.ledger = pipeline.RestoreLedger(g.saved)
			} else if !safe {
				h.excuse(g)
			}
		}
	}
	h.start()
	for stream, generations := range h.streams {
		for _, g := range generations {
			if g.ledger.Risk() == pipeline.Repeatable {
				first, _ := slices.BinarySearch(g.starts, g.ledger.End())
				h.deliver(stream, g, first)
			}
		}
	}
}

// excuse notes that the lines of g that are not settled may be lost.
func (h *history) excuse(g *generation) {
	offset, _ := g.ledger.Position()
	for i, line := range g.lines {
		if g.starts[i] >= offset {
			h.excused[line] = true
		}
	}
}

// end ends the client and notes what it did.
func (h *history) end() {
	h.rig.stop()
	synctest.Wait()
	h.given += int(h.rig.counter("dropped_entries_total", "reason", reasonSpoolFull))
	h.rig.sink.mu.Lock()
	defer h.rig.sink.mu.Unlock()
	for i := range h.stored {
		h.stored[i] = append(h.stored[i], h.rig.sink.stored[fmt.Sprintf(`{app="%d"}`, i)]...)
	}
}

func (h *history) wantNothingLeft() {
	h.t.Helper()
	h.rig.wantCounts()
	c := h.rig.client
	if now, _ := h.rig.budget.Used(); now != 0 {
		h.t.Errorf("%d bytes of memory are in use", now)
	}
	if n, bytes, _ := c.Spooled(); n != 0 || bytes != 0 || h.disk.len() != 0 {
		h.t.Errorf("%d batches of %d bytes are on disk, the spool has %d", n, bytes, h.disk.len())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting != 0 || c.memory != 0 || c.inFlight != 0 || len(c.queues)+len(c.ready)+len(c.delayed) != 0 {
		h.t.Errorf("left: %d batches of %d bytes, %d requests, %d queues, %d ready, %d delayed",
			c.waiting, c.memory, c.inFlight, len(c.queues), len(c.ready), len(c.delayed))
	}
	if c.counts.InFlight != 0 || c.counts.OnDisk != 0 {
		h.t.Errorf("counts: %+v", c.counts)
	}
}

// wantStored checks what became of a stream's lines, and returns how many are
// nowhere.
func (h *history) wantStored(stream int) (missing int) {
	h.t.Helper()
	first := map[string]string{}
	last := -1
	for _, entry := range h.stored[stream] {
		line := strings.Split(entry, "|")[1]
		if before, ok := first[line]; ok {
			if before != entry {
				h.t.Errorf("%q was repeated as %q", before, entry)
			}
			continue
		}
		first[line] = entry
		n, _ := strconv.Atoi(strings.Fields(line)[1])
		// A crash may leave lines both on disk and in a file. If those on disk are
		// given up, those of the file come late.
		if n < last && (h.starts == 1 || h.given == 0) {
			h.t.Errorf("stream %d: line %d was stored after line %d", stream, n, last)
		}
		last = n
	}
	for _, g := range h.streams[stream] {
		for _, line := range g.lines {
			if first[line] != "" || h.kept[line] || h.excused[line] {
				continue
			}
			if missing++; h.given == 0 || h.alone && g.ledger.Risk() != pipeline.Fleeting {
				h.t.Errorf("line %q of risk %d is lost", line, g.ledger.Risk())
			}
		}
		if n := g.ledger.Unsettled(); n > 0 && g.ledger.Risk() == pipeline.Repeatable {
			h.t.Errorf("%d bytes are not settled", n)
		}
	}
	return missing
}
