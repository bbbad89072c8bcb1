package file

import (
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// noteTimes gives lines their read time, as stages do.
func (tl *tail) noteTimes(lines []pipeline.Line) {
	for _, l := range lines {
		l.Ledger.NoteTime(l.Range.Start, tl.now.UnixNano())
	}
}

// readTimes returns the times that restored ledgers know of lines, by text.
func readTimes(lines []pipeline.Line) map[string]int64 {
	times := map[string]int64{}
	for _, l := range lines {
		times[string(l.Text)], _ = l.Ledger.Restored().TimeAt(l.Range.Start)
	}
	return times
}

func TestReadTimesOfUnsettledLinesAreSaved(t *testing.T) {
	tl := newTail(t)
	tl.write("", "a1\na2\na3\n")
	tl.open()
	want := map[string]int64{}
	readNoted := func() {
		before := len(tl.lines)
		tl.pass(time.Second)
		tl.read()
		fresh := tl.lines[before:]
		tl.noteTimes(fresh)
		for _, l := range fresh {
			want[string(l.Text)] = tl.now.UnixNano()
		}
	}
	readNoted()
	tl.write("", "a4\n")
	readNoted()
	tl.rename("", ".1")
	tl.write("", "b1\nb2\n")
	readNoted()
	settle(tl.lines[:1])
	delete(want, "a1")
	tl.lines = nil
	tl.restart(func() {})
	tl.pass(time.Hour)
	tl.read()
	got := readTimes(tl.lines)
	for line, at := range want {
		if got[line] != at {
			t.Errorf("the read time of %s is %d, want %d", line, got[line], at)
		}
	}
	if n := len(tl.lines); n != 5 {
		t.Errorf("%d lines, want 5", n)
	}
}

// The place falls back to the position before: the notes from there on are
// needed, though they are behind the ledger's position.
func TestReadTimesAreSavedFromWhereThePlaceFallsBackTo(t *testing.T) {
	tl := newTail(t)
	long := strings.Repeat("x", 2000)
	tl.write("", long+"\ntwo\nthree\nfour\n")
	tl.open()
	tl.read()
	tl.noteTimes(tl.lines)
	want := tl.now.UnixNano()
	settle(tl.lines[:1])
	tl.src.Places()
	tl.copyTo(".1")
	tl.truncate()
	tl.write("", strings.Repeat("regrown\n", 500))
	settle(tl.lines[1:2])
	for range 2 { // saving changes nothing
		if p := tl.src.Places()[0]; p.Offset != 2001 {
			t.Fatalf("the place is at %d, want the one before", p.Offset)
		}
	}
	tl.lines = nil
	tl.restart(func() {})
	tl.pass(time.Hour)
	tl.read()
	got := readTimes(tl.lines[:3])
	for _, line := range []string{"two", "three", "four"} {
		if got[line] != want {
			t.Errorf("the read time of %s is %d, want %d", line, got[line], want)
		}
	}
}
