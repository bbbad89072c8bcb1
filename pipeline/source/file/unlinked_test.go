package file

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func (tl *tail) wantRisk(want pipeline.Risk) {
	tl.t.Helper()
	if got := tl.src.Risk(); got != want {
		tl.t.Errorf("the risk is %v, want %v", got, want)
	}
}

func TestUnlinkedGenerationIsAtRiskUntilItIsRead(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.write("", "two\n")
	tl.rename("", ".1")
	tl.write("", "three\n")
	tl.src.Follow(tl.now)
	tl.wantRisk(pipeline.Repeatable)
	tl.remove(".1")
	tl.pass(time.Second)
	tl.src.Follow(tl.now)
	tl.wantRisk(pipeline.Unlinked)
	if got := tl.src.gens[0].ledger.Risk(); got != pipeline.Unlinked {
		t.Errorf("the ledger's risk is %v", got)
	}
	tl.want("two three")
	tl.wantRisk(pipeline.Repeatable)
	if got := tl.src.gens[1].ledger.Risk(); got != pipeline.Repeatable {
		t.Errorf("the younger ledger's risk is %v", got)
	}
}

// What has to be read before the rest of a doomed file must not stay in memory
// either: there would be no room for the rest.
func TestOlderGenerationsGoTheWayOfADoomedOne(t *testing.T) {
	tl := newTail(t)
	tl.write("", "zero\n")
	tl.open()
	tl.want("zero")
	for i, suffix := range []string{".3", ".2", ".1"} {
		tl.write("", fmt.Sprintf("%d.\n", i))
		tl.rename("", suffix)
		tl.write("", "")
		tl.pass(time.Second)
		tl.src.Follow(tl.now)
	}
	tl.remove(".2")
	tl.pass(time.Second)
	tl.src.Follow(tl.now)
	tl.wantRisk(pipeline.Unlinked)
	for i, want := range []pipeline.Risk{pipeline.Unlinked, pipeline.Unlinked, pipeline.Repeatable, pipeline.Repeatable} {
		if got := tl.src.gens[i].ledger.Risk(); got != want {
			t.Errorf("the risk of generation %d is %v, want %v", i, got, want)
		}
	}
	tl.want("0. 1. 2.") // the one in the middle is not skipped
	tl.wantLost()
}

// Its lines are read when it is over: at a stop nobody waits for them.
func TestPartOfALineIsNoRiskBeforeItIsALine(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo")
	tl.open()
	tl.want("one")
	tl.remove("")
	tl.want("")
	tl.wantRisk(pipeline.Repeatable)
	tl.end()
	tl.had("two")
}

func TestHandleOfAnUnlinkedFileIsClosedBeforeItsLinesAreSettled(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.rename("", ".1")
	tl.write("", "two\n")
	tl.want("one two")
	tl.remove(".1")
	for range 60 { // the younger one always has something to read
		tl.write("", "more\n")
		tl.pass(100 * time.Millisecond)
		tl.block.Reset()
		tl.src.Read(&tl.block, tl.now)
	}
	if n := openFiles(t, filepath.Dir(tl.name)); n != 1 {
		t.Errorf("%d files are open, want 1", n)
	}
	if n := tl.src.gens[0].ledger.Unsettled(); n != 4 {
		t.Errorf("%d bytes are unsettled, want 4", n)
	}
}

// After a crash only what was not settled is lost, and it is told once.
func TestWhatWasUnsettledOfAnUnlinkedFileIsLostOnce(t *testing.T) {
	for _, closed := range []bool{false, true} {
		tl := newTail(t)
		long := strings.Repeat("x", 2000)
		tl.write("", long+"\ntwo\nthree\nfour\n")
		tl.open()
		tl.read()
		settle(tl.lines[:1])
		tl.src.Places()
		tl.rename("", ".1")
		tl.write("", "new\n")
		tl.want(long + " two three four new")
		tl.remove(".1")
		g := tl.src.gens[0]
		if closed {
			tl.end()
		}
		if isOpen := g.file != nil; isOpen == closed {
			t.Errorf("the file is open: %v", isOpen)
		}
		g.ledger.Settle(pipeline.Range{Start: 2001, End: 2005}, pipeline.Mark{Time: 1})
		tl.restart(func() {})
		tl.want("new")
		tl.wantLost("11 bytes of app.log: gone before it was read to its end")
		tl.restart(func() {})
		tl.want("new")
		tl.wantLost()
	}
}

// What was read of a truncated file without a copy is in no file either.
func TestLinesOfATruncatedFileWithoutACopyAreAtRisk(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\n")
	tl.open()
	tl.read()
	settle(tl.lines[:1])
	tl.truncate()
	tl.write("", "new\n")
	tl.lines = nil
	tl.want("new")
	if got := tl.src.gens[0].ledger.Risk(); got != pipeline.Unlinked {
		t.Errorf("the risk of what was truncated is %v", got)
	}
	if got := tl.src.gens[1].ledger.Risk(); got != pipeline.Repeatable {
		t.Errorf("the risk of what the file has now is %v", got)
	}
	tl.restart(func() {})
	tl.want("new")
	tl.wantLost("4 bytes of app.log: gone before it was read to its end")
}

// A file that vanishes while it is behind the reader is read to its end.
func TestFileThatVanishesIsReadToItsEnd(t *testing.T) {
	tl := newTail(t)
	tl.write("", strings.Repeat("line\n", 200_000)+"part")
	tl.open()
	tl.src.Read(&tl.block, tl.now)
	n := len(tl.block.Lines)
	tl.remove("")
	tl.pass(time.Second)
	tl.read()
	tl.end()
	n += len(tl.lines)
	if last := string(tl.lines[len(tl.lines)-1].Text); n != 200_001 || last != "part" {
		t.Errorf("%d lines, the last is %q", n, last)
	}
	tl.wantLost()
}

// scarce is a disk on which only one more file can be opened for a while, and
// only if it is spared.
type scarce struct {
	realDisk
	err    error
	spared string
}

func (d *scarce) Open(path string) (handle, error) {
	if d.err != nil && path != d.spared {
		return nil, withRemedy(d.err)
	}
	return d.realDisk.Open(path)
}

// A sibling that could not be opened must not be taken for one that is not there.
func TestNothingIsLostWhenHandlesRunOut(t *testing.T) {
	for name, rotate := range map[string]func(tl *tail, i int){
		"rename": func(tl *tail, i int) {
			tl.rename("", fmt.Sprint(".", 9-i))
			tl.write("", "")
		},
		"copytruncate": func(tl *tail, i int) {
			tl.copyTo(fmt.Sprint(".", 9-i))
			tl.truncate()
		},
	} {
		t.Run(name, func(t *testing.T) {
			tl := newTail(t)
			d := &scarce{}
			tl.opts.disk = d
			tl.write("", "one\n")
			tl.open()
			tl.want("one")
			tl.write("", "two\n")
			rotate(tl, 0)
			tl.write("", "three\n")
			rotate(tl, 1)
			tl.write("", "four\n")
			d.err = syscall.EMFILE
			for range 3 {
				tl.pass(retryTime)
				d.spared = map[string]string{"": tl.name}[d.spared]
				err := tl.read()
				if err == nil || !strings.Contains(err.Error(), "raise LimitNOFILE") {
					t.Errorf("got %v, want the remedy", err)
				}
				tl.src.Follow(tl.now)
			}
			d.err = nil
			tl.pass(retryTime)
			tl.read()
			tl.had("two three four")
			tl.wantLost()
		})
	}
	t.Run("at the start", func(t *testing.T) {
		tl := newTail(t)
		tl.write("", "one\n")
		opts := Options{disk: &scarce{err: syscall.ENFILE}, Lost: tl.opts.Lost}
		if _, err := Open(tl.name, []pipeline.Place{{Path: tl.name, Size: 4}}, opts, tl.now); err == nil || !strings.Contains(err.Error(), "fs.file-max") {
			t.Errorf("got %v, want the remedy", err)
		}
		tl.wantLost()
	})
}
