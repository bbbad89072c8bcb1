package stage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// byLine are the entries that a rig made so far, by the numbers of their lines.
func (r *rig) byLine(times []int64) map[int]string {
	all := map[int]string{}
	for i, e := range r.entries {
		for _, part := range strings.Split(e.Line, "#")[1:] {
			var n int
			fmt.Sscanf(part, "%d", &n)
			all[n] = fmt.Sprintf("%s %d %q %s", e.Labels, times[i], e.Line, e.Meta)
		}
	}
	return all
}

// timesOf are the times of all entries in the batches, in unix nanoseconds.
func timesOf(batches []*pipeline.Batch) []int64 {
	var times []int64
	for _, b := range batches {
		for i := range b.Len() {
			times = append(times, b.Time(i))
		}
	}
	return times
}

// saved is what is written to disk for the rig's source.
func (r *rig) saved() pipeline.Place {
	at, mark := r.ledger.Position()
	return pipeline.Place{Offset: at, Mark: mark, Notes: r.ledger.Notes(at)}
}

// restart is a collector that reads on at a place.
func restart(t *testing.T, p *Program, place pipeline.Place, now time.Time) *rig {
	r := newRig(t, p)
	r.offset, r.ledger, r.now = place.Offset, pipeline.RestoreLedger(place), now
	return r
}

// Lines without a time of their own get that of their reading, and a clock lets
// parts end that never get their rest. A second reading, at another time and
// speed, makes the same entries of them, and so does a third.
func TestEntriesThatDependOnAClockAreTheSameWhenReadAgain(t *testing.T) {
	for name, stages := range map[string]string{
		"none":   "- labeldrop: [gone]",
		"docker": "- docker: {join: true}\n- level: {}",
		"parts":  "- cri: {}\n- timestamp: {source: none, format: Unix}",
		"traces": "- docker: {join: true}\n- tracebacks: {}\n- level: {}",
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, stages)
			for seed := range uint64(300) {
				kind := name
				if name == "parts" {
					kind = "cri"
				}
				checkReread(t, p, kind, seed)
			}
		})
	}
}

func checkReread(t *testing.T, p *Program, lineKind string, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 3))
	lines := wholeLines(rnd, 60, lineKind)
	r := newRig(t, p)
	sent := map[int]string{}
	read := 0
	for range 3 {
		for read < len(lines) && rnd.IntN(12) > 0 {
			r.push(lines[read])
			read++
			r.flush(time.Duration(rnd.IntN(4))*time.Second, false)
		}
		for n, e := range r.byLine(timesOf(r.batches)) {
			if was, ok := sent[n]; ok && was != e {
				t.Fatalf("seed %d: line %d was sent in\n%s, and then in\n%s", seed, n, was, e)
			}
			sent[n] = e
		}
		for _, b := range r.batches {
			if rnd.IntN(3) > 0 {
				b.Done()
			}
		}
		place := r.saved()
		r = restart(t, p, place, r.now.Add(time.Duration(rnd.IntN(7200)-3600)*time.Second))
		r.push(lines[slices.Index(lineStarts(lines), place.Offset):read]...)
	}
}

// Read times do not go back with the clock, not even over a restart.
func TestReadTimesDoNotGoBack(t *testing.T) {
	p := compile(t, "- labeldrop: [gone]")
	first := newRig(t, p)
	first.push("one", "two")
	times := timesOf(first.batches)
	first.done()
	second := restart(t, p, first.saved(), first.now.Add(-time.Hour))
	second.push("three")
	times = append(times, timesOf(second.batches)...)
	if !slices.IsSorted(times) || times[0] == times[1] || times[1] == times[2] {
		t.Errorf("times are %v", times)
	}
}

// A pause cut a block. When its lines are read again, all at once, the cut is at
// the same place.
func TestACutByTheClockIsMadeAgain(t *testing.T) {
	for name, c := range map[string]struct {
		stages string
		lines  []string
	}{
		"multiline":  {"- multiline: {firstline: '^\\S'}", []string{"one", " of one", " late", "two", "three"}},
		"tracebacks": {"- tracebacks: {}", []string{"Traceback (most recent call last):", `  File "a.py", line 1, in f`, "    f()", "ValueError: x", "fine"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, c.stages)
			first := newRig(t, p)
			first.push(c.lines[:2]...)
			first.flush(10*time.Second, false)
			first.push(c.lines[2:]...)
			first.flush(10*time.Second, false)
			if len(first.entries) < 3 {
				t.Fatalf("%d entries: nothing was cut", len(first.entries))
			}
			if !first.batches[0].IsNoted() {
				t.Error("the batch with the cut does not wait for the notes")
			}
			second := restart(t, p, first.saved(), first.now)
			second.push(c.lines...)
			second.flush(10*time.Second, false)
			for i, at := range timesOf(second.batches) {
				if second.entries[i].Line != first.entries[i].Line || at != timesOf(first.batches)[i] {
					t.Errorf("entry %d is %q at %d, before it was %q at %d", i, second.entries[i].Line, at,
						first.entries[i].Line, timesOf(first.batches)[i])
				}
			}
		})
	}
}

// What comes out the same without notes does not wait for them.
func TestOnlyWhatAClockDecidedIsNoted(t *testing.T) {
	for _, c := range []struct {
		stages, line string
		noted        bool
	}{
		{"- labeldrop: [gone]", "text", true},
		{"- docker: {join: true}", dockerAt(1, "stdout", "text\n"), false},
		{"- regex: {expression: '^(?P<ts>\\S+)'}\n- timestamp: {source: ts, format: RFC3339}", "2026-11-22T10:00:00Z boom", false},
		{"- regex: {expression: '^(?P<ts>\\S+)'}\n- timestamp: {source: ts, format: RFC3339}", "no time", true},
	} {
		r := newRig(t, compile(t, c.stages))
		r.push(c.line)
		if got := r.batches[0].IsNoted(); got != c.noted || r.batches[0].IsReadTime(0) != c.noted {
			t.Errorf("%s: noted %v, want %v", c.line, got, c.noted)
		}
	}
}

// A stop sends what joins and rate limits hold of files that have no name any
// more. What is read again is left to that.
func TestAStopSendsWhatIsHeldOfLinesThatAreGone(t *testing.T) {
	for stages, lines := range map[string][]string{
		"- multiline: {firstline: '^\\S'}":              {"one", " of one"},
		"- rate_limit: {lines_per_second: 1, burst: 1}": {"one", "two"},
	} {
		for risk, want := range map[pipeline.Risk]int{pipeline.Repeatable: 0, pipeline.Unlinked: 1, pipeline.Fleeting: 1} {
			r := newRig(t, compile(t, stages))
			r.push(lines...)
			before := len(r.entries)
			r.ledger.SetRisk(risk)
			r.feed.Stop(r.now, r.outbox)
			r.outbox.Flush()
			if got := len(r.entries) - before; got != want {
				t.Errorf("%s: %d entries of risk %d are sent at a stop, want %d", stages, got, risk, want)
			}
		}
	}
}

// The same over the end of a file and the begin of the next one. A limit are parts
// of one line in both, with a line of another stream between them.
func TestEntriesOfTwoFilesAreTheSameWhenReadAgain(t *testing.T) {
	for name, stages := range map[string]string{
		"none":   "- labeldrop: [gone]",
		"docker": "- docker: {join: true}\n- tracebacks: {}\n- level: {}",
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, stages)
			for seed := range uint64(300) {
				rnd := rand.New(rand.NewPCG(seed, 4))
				lines := wholeLines(rnd, 40, name)
				checkTwoFiles(t, p, rnd, seed, lines, rnd.IntN(len(lines)))
			}
		})
	}
}

// checkTwoFiles reads lines, those from number mid on of a second file, and again
// from where they are settled.
func checkTwoFiles(t *testing.T, p *Program, rnd *rand.Rand, seed uint64, lines []string, mid int) {
	t.Helper()
	r := newRig(t, p)
	ledgers := [2]*pipeline.Ledger{pipeline.NewLedger(0), pipeline.NewLedger(0)}
	starts := [2][]int64{lineStarts(lines[:mid]), lineStarts(lines[mid:])}
	push := func(i int) {
		r.ledger, r.offset = ledgers[0], starts[0][min(i, mid)]
		if i >= mid {
			r.ledger, r.offset = ledgers[1], starts[1][i-mid]
		}
		r.push(lines[i])
	}
	sent := map[int]string{}
	read := 0
	for range 4 {
		for read < len(lines) && rnd.IntN(10) > 0 {
			push(read)
			read++
			r.flush(time.Duration(rnd.IntN(4))*time.Second, false)
		}
		for n, e := range r.byLine(timesOf(r.batches)) {
			if was, ok := sent[n]; ok && was != e {
				t.Fatalf("seed %d, second file from line %d: line %d was sent in\n%s, and then in\n%s", seed, mid, n, was, e)
			}
			sent[n] = e
		}
		for _, b := range r.batches {
			if rnd.IntN(3) > 0 {
				b.Done()
			}
		}
		again := newRig(t, p)
		again.now = r.now.Add(time.Duration(rnd.IntN(7200)-3600) * time.Second)
		var from [2]int
		for k, l := range ledgers {
			at, mark := l.Position()
			ledgers[k] = pipeline.RestoreLedger(pipeline.Place{Offset: at, Mark: mark, Notes: l.Notes(at)})
			from[k] = slices.Index(starts[k], at)
		}
		r = again
		for i := range read {
			if i < mid && i >= from[0] || i >= mid && i-mid >= from[1] {
				push(i)
			}
		}
	}
}
