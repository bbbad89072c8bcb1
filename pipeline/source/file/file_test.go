package file

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func TestLinesAreReadAsTheyCome(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\n\nfour\r\n")
	tl.open()
	tl.want("one two  four\r") // empty lines and carriage returns are kept
	tl.write("", "fi")
	tl.want("")
	tl.write("", "ve\nsix")
	tl.want("five")
	tl.write("", "\n")
	tl.want("six")
	if read, lag := tl.src.Stats(); read != 24 || lag != 0 {
		t.Errorf("%d bytes read and %d not, want 24 and 0", read, lag)
	}
	if tl.src.Name() != tl.name {
		t.Errorf("name is %s", tl.src.Name())
	}
}

func TestRangesCoverTheFile(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n\nthree\n")
	tl.open()
	tl.read()
	var end int64
	for _, l := range tl.lines {
		if l.Range.Start != end || l.Ledger == nil {
			t.Errorf("a line is at %v, want it to begin at %d", l.Range, end)
		}
		end = l.Range.End
	}
	if end != 11 || tl.src.Unsettled() != 11 {
		t.Errorf("lines end at %d, %d bytes are unsettled, want 11", end, tl.src.Unsettled())
	}
	settle(tl.lines)
	if tl.src.Unsettled() != 0 {
		t.Errorf("%d bytes are unsettled, want 0", tl.src.Unsettled())
	}
}

func TestEmptyFile(t *testing.T) {
	tl := newTail(t)
	tl.write("", "")
	tl.open()
	tl.want("")
	places := tl.src.Places()
	if len(places) != 1 || places[0].Offset != 0 || places[0].Inode == 0 || places[0].FingerprintLen != 0 {
		t.Errorf("places are %+v", places)
	}
	tl.restart(func() { tl.write("", "one\n") })
	tl.want("one")
}

func TestLastLineWithoutNewlineIsALineWhenTheFileIsOver(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo")
	tl.open()
	tl.want("one")
	tl.rename("", ".1")
	tl.write("", "three\n")
	tl.want("three")
	tl.write(".1", ", late")
	tl.want("") // it may still go on
	if err := tl.end(); err != nil {
		t.Error(err)
	}
	tl.had("two, late")
	tl.wantLost()
}

func TestLongLineIsCut(t *testing.T) {
	const maxLine = 1 << 20
	tl := newTail(t)
	long := strings.Repeat("0123456789漢", 100_000) // 1.3 MB
	tl.write("", "one\n"+long)
	tl.open()
	tl.read()
	if len(tl.lines) != 2 || len(tl.lines[1].Text) > maxLine || len(tl.lines[1].Text) < maxLine-3 {
		t.Fatalf("%d lines while a line has no end", len(tl.lines))
	}
	tl.write("", "\ntwo\n")
	tl.read()
	if len(tl.lines) != 4 || string(tl.lines[1].Text)+string(tl.lines[2].Text) != long || string(tl.lines[3].Text) != "two" {
		t.Errorf("%d lines, the long one in pieces of %d and %d", len(tl.lines), len(tl.lines[1].Text), len(tl.lines[2].Text))
	}
	if got := cap(tl.block.Buf); got > maxLine+1024 {
		t.Errorf("the block has grown to %d bytes", got)
	}
}

// Where a line is cut must not depend on how much of it was there.
func TestCutsAreTheSameWhenReadAgain(t *testing.T) {
	text := strings.Repeat("aé漢😀", 1000) + "\nend\n"
	var want []pipeline.Range
	for _, step := range []int{len(text), 1000, 37, 1} {
		tl := newTail(t)
		tl.opts.MaxLine = 97
		tl.write("", "")
		tl.open()
		for at := 0; at < len(text); at += step {
			tl.write("", text[at:min(at+step, len(text))])
			tl.pass(time.Second)
			tl.read()
		}
		for i, l := range tl.lines {
			if len(l.Text) > 97 || !utf8.Valid(l.Text) {
				t.Errorf("a line of %d bytes: %q", len(l.Text), l.Text)
			}
			if step == len(text) {
				want = append(want, l.Range)
			} else if i >= len(want) || l.Range != want[i] {
				t.Fatalf("written in steps of %d bytes, line %d is %v", step, i, l.Range)
			}
		}
		if len(tl.lines) != len(want) || len(want) < 2 {
			t.Errorf("%d lines, want %d", len(tl.lines), len(want))
		}
	}
}

func TestManyEmptyLinesDoNotFillMemory(t *testing.T) {
	tl := newTail(t)
	const lines = 100_000
	tl.write("", strings.Repeat("\n", lines))
	tl.open()
	tl.read()
	if len(tl.lines) != lines || cap(tl.block.Lines) > 2*maxLines {
		t.Errorf("%d lines, %d in one block", len(tl.lines), cap(tl.block.Lines))
	}
}

func TestNULBytesBeforeALineAreLeftOut(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n\x00\x00\x00two\nth\x00ree\n\x00\x00")
	tl.open()
	tl.want("one two th\x00ree")
	tl.write("", "\x00four\n")
	tl.want("four")
	if n := tl.src.Unsettled(); n != 26 {
		t.Errorf("%d bytes are unsettled, want all 26", n)
	}
}

// A truncation under a writer that does not append leaves a hole.
func TestHoleIsPassedOver(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	const size = 100 << 30
	if err := os.Truncate(tl.name, size); err != nil {
		t.Fatal("the file system has no holes:", err)
	}
	start := time.Now()
	tl.want("")
	tl.write("", "two\nthree\n")
	tl.read()
	if n := len(tl.lines); n != 2 || tl.lines[0].Range != (pipeline.Range{Start: 4, End: size + 4}) {
		t.Fatalf("%d lines, the first at %v", n, tl.lines[0].Range)
	}
	tl.want("two three")
	if took := time.Since(start); took > time.Minute {
		t.Errorf("a hole of 100 GiB took %v", took)
	}
	tl.restart(func() {})
	tl.read()
	settle(tl.lines)
	tl.had("one two three")
	tl.restart(func() { tl.write("", "four\n") })
	tl.want("four") // the hole is part of what the file is known by
}

// A file of 500 GB of nothing takes a few reads, and holds up nobody.
func TestSparseFileIsPassedOverInFewReads(t *testing.T) {
	const size = 500 << 30
	tl, other := newTail(t), newTail(t)
	var nuls int64
	tl.opts.NULs = func(_ string, bytes int64) { nuls += bytes }
	tl.write("", "")
	if err := os.Truncate(tl.name, size); err != nil {
		t.Fatal("the file system has no holes:", err)
	}
	tl.open()
	other.write("", "")
	other.open()
	for i := range 20 {
		switch i {
		case 5:
			tl.write("", "one\n")
		case 10:
			os.Truncate(tl.name, 2*size)
			tl.write("", "two\n")
		}
		other.write("", fmt.Sprintf("%d\n", i))
		tl.block.Reset()
		if err := tl.src.Read(&tl.block, tl.now); err != nil {
			t.Fatal(err)
		}
		for _, l := range tl.block.Lines {
			tl.lines = append(tl.lines, pipeline.Line{Text: bytes.Clone(l.Text)})
		}
		other.want(fmt.Sprint(i))
		tl.pass(time.Second)
	}
	tl.had("one two")
	if want := int64(2*size - len("one\n")); nuls != want {
		t.Errorf("%d NUL bytes were told, want %d", nuls, want)
	}
	if _, lag := tl.src.Stats(); lag != 0 || cap(tl.block.Buf) > 1<<20 {
		t.Errorf("%d bytes are behind, the block has %d", lag, cap(tl.block.Buf))
	}
}

func TestCutsAndNULsAreCounted(t *testing.T) {
	tl := newTail(t)
	tl.opts.MaxLine = 10
	var cuts int
	var nuls int64
	tl.opts.Cut = func(path string, n int) { cuts += n }
	tl.opts.NULs = func(path string, n int64) { nuls += n }
	tl.write("", "short\n\x00\x00one\n0123456789\n0123456789a\n01234567890123456789012\nabc\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\nth\x00ree\n")
	tl.open()
	tl.want("short one 0123456789 0123456789 a 0123456789 0123456789 012 abc  th\x00ree")
	if cuts != 4 || nuls != 12 {
		t.Errorf("%d cuts and %d NUL bytes were told, want 4 and 12", cuts, nuls)
	}
}

func TestHoleAtTheEndOfARotatedFile(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	os.Truncate(tl.name, 1<<20)
	tl.open()
	tl.want("one")
	tl.rename("", ".1")
	tl.write("", "two\n")
	tl.end()
	tl.had("two ") // what is left of the first generation is an empty line
	settle(tl.lines)
}

func TestRenameRotation(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\n")
	tl.open()
	tl.want("one two")
	tl.write("", "three\n")
	tl.rename("", ".1")
	tl.write("", "four\n")
	tl.want("three four")
	tl.write(".1", "late\n")
	tl.write("", "five\n")
	tl.want("late five")
	tl.wantLost()
}

// Between two looks at the name several files may have had it.
func TestThreeRotationsBetweenTwoReads(t *testing.T) {
	for _, suffixes := range [][]string{
		{".3", ".2", ".1"},
		{"-20260101", "-20260102", "-20260103"},
		{".2026-01-01_10-00-00", ".2026-01-01_11-00-00", ".2026-01-01_12-00-00"},
		{".7", ".8", ".9"}, // a program that counts upwards
	} {
		t.Run(suffixes[0], func(t *testing.T) {
			tl := newTail(t)
			tl.write(suffixes[2]+"0", "older\n")
			tl.write("", "one\n")
			tl.open()
			tl.want("one")
			for i, suffix := range suffixes {
				tl.write("", fmt.Sprintf("%d.\n", i))
				changed := time.Now().Add(time.Duration(i) * time.Millisecond) // files' clocks are coarse
				os.Chtimes(tl.name, changed, changed)
				tl.rename("", suffix)
			}
			tl.write("", "last\n")
			tl.want("0. 1. 2. last")
			tl.end()
			tl.had("")
			tl.wantLost()
		})
	}
}

func TestThreeRotationsWhileDown(t *testing.T) {
	tl := newTail(t)
	tl.write(".1", "older\n")
	tl.write("", "one\ntwo\n")
	tl.open()
	tl.read()
	settle(tl.lines[:1])
	tl.lines = nil
	tl.restart(func() {
		tl.write("", "three\n")
		for _, text := range []string{"four\n", "five\n", "six\n"} {
			for n := 5; n > 0; n-- {
				os.Rename(tl.path(fmt.Sprint(".", n)), tl.path(fmt.Sprint(".", n+1)))
			}
			tl.rename("", ".1")
			tl.write("", text)
		}
	})
	tl.want("two three four five six")
	tl.wantLost()
}

func TestNameThatComesBackLater(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.rename("", ".1")
	tl.want("")
	tl.write(".1", "late\n")
	tl.want("late")
	tl.pass(20 * time.Second)
	tl.write("", "two\n")
	tl.want("two")
	tl.wantLost()
}

func TestRenameBack(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.rename("", ".1")
	tl.end()
	tl.rename(".1", "")
	tl.write("", "two\npart")
	tl.want("two")
	tl.end()
	tl.write("", "ial\n")
	tl.want("partial")
}

func TestCopytruncate(t *testing.T) {
	for _, after := range []string{"", "4\n", strings.Repeat("much more than before\n", 100)} {
		t.Run(fmt.Sprint(len(after), " bytes after it"), func(t *testing.T) {
			tl := newTail(t)
			tl.write("", "1\n2\n")
			tl.open()
			tl.want("1 2")
			tl.write("", "3\n")
			tl.copyTo(".1")
			tl.truncate()
			tl.write("", after)
			tl.want(strings.TrimSpace("3 " + strings.ReplaceAll(strings.TrimSpace(after), "\n", " ")))
			tl.write("", "5\n")
			tl.want("5")
			tl.end()
			tl.had("")
			tl.wantLost()
		})
	}
}

func TestCopytruncateWhileDown(t *testing.T) {
	tl := newTail(t)
	tl.write("", "1\n2\n3\n")
	tl.open()
	tl.read()
	settle(tl.lines[:2])
	tl.lines = nil
	tl.restart(func() {
		tl.copyTo(".2")
		tl.truncate()
		tl.write("", "4\n")
		tl.copyTo(".1")
		tl.truncate()
		tl.write("", strings.Repeat("regrown\n", 3))
	})
	tl.want("3 4 regrown regrown regrown")
	tl.wantLost()
}

// A generation that was filled, copied and truncated between two reads left
// nothing by which it would be missed.
func TestGenerationsThatWereNeverRead(t *testing.T) {
	tl := newTail(t)
	tl.write("", "")
	tl.open()
	tl.want("")
	for i, suffix := range []string{".3", ".2", ".1"} {
		tl.write("", fmt.Sprintf("generation %d\n", i))
		tl.copyTo(suffix)
		tl.truncate()
	}
	tl.write("", "last\n")
	tl.want("generation 0 generation 1 generation 2 last")
	tl.wantLost()
}

func TestTruncationWithoutACopy(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo")
	tl.open()
	tl.want("one")
	tl.truncate()
	tl.write("", "new\n")
	tl.want("new")
	tl.wantLost("3 bytes of app.log: truncated, and no copy of it was found")
	tl.end()
	if n := len(tl.src.gens); n != 2 {
		t.Errorf("%d generations are known, want the lost one until it is settled", n)
	}
}

func TestTruncationOfARotatedFile(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.rename("", ".1")
	tl.write("", "two\n")
	tl.want("two")
	os.Truncate(tl.path(".1"), 0)
	tl.write("", "three\n")
	tl.want("three")
	tl.end()
	tl.had("")
	tl.wantLost()
}

// The new file gets the old one's inode at once, on most file systems.
func TestDeleteAndRecreate(t *testing.T) {
	t.Run("running", func(t *testing.T) {
		tl := newTail(t)
		tl.write("", "one\n")
		tl.open()
		tl.want("one")
		tl.write("", "two\n")
		tl.remove("")
		tl.write("", "and now\n")
		tl.want("two and now")
		tl.wantLost()
	})
	t.Run("down", func(t *testing.T) {
		tl := newTail(t)
		tl.write("", "one\n")
		tl.open()
		tl.settled()
		tl.restart(func() {
			tl.remove("")
			tl.write("", "and now for something else\n")
		})
		tl.want("and now for something else")
		tl.wantLost()
	})
	t.Run("again and again", func(t *testing.T) {
		tl := newTail(t)
		tl.write("", "0\n")
		tl.open()
		tl.want("0")
		for i := range 20 {
			tl.remove("")
			tl.write("", fmt.Sprintf("%d\n", i))
			tl.want(fmt.Sprint(i))
			tl.end() // handles are closed, inodes are free
		}
		tl.wantLost()
	})
}

func TestGoneWhileDown(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\n")
	tl.open()
	tl.read()
	settle(tl.lines[:1])
	tl.lines = nil
	tl.restart(func() {
		tl.remove("")
		tl.write("", "other\n")
	})
	tl.want("other")
	tl.wantLost("4 bytes of app.log: gone before it was read to its end")
}

func TestSymlinkThatIsSwitched(t *testing.T) {
	tl := newTail(t)
	dir := filepath.Dir(tl.name)
	link := func(target string) {
		tmp := filepath.Join(dir, "tmp")
		if err := errors.Join(os.Symlink(target, tmp), os.Rename(tmp, tl.name)); err != nil {
			t.Fatal(err)
		}
	}
	os.WriteFile(filepath.Join(dir, "a"), []byte("a1\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "b"), []byte("b1\n"), 0o644)
	link("a")
	tl.open()
	tl.want("a1")
	link("b")
	tl.want("b1")
	tl.wantLost()
}

func TestRotationBehindASymlink(t *testing.T) {
	tl := newTail(t)
	target := filepath.Join(t.TempDir(), "0.log")
	os.Symlink(target, tl.name)
	write := func(text string) { os.WriteFile(target, []byte(text), 0o644) }
	write("one\n")
	tl.open()
	tl.want("one")
	for i := range 2 {
		os.Rename(target, target+fmt.Sprintf(".2026010%d-000000", i))
		write(fmt.Sprintf("%d\n", i))
	}
	tl.want("0 1")
}

func TestNameThatIsMissingForLongEndsTheSource(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo")
	tl.open()
	tl.want("one")
	tl.remove("")
	if err := tl.end(); err != nil {
		t.Errorf("after %v: %v", tl.src.opts.Linger, err)
	}
	tl.pass(time.Minute)
	if err := tl.read(); err != nil {
		t.Errorf("with unsettled bytes: %v", err)
	}
	settle(tl.lines)
	settle([]pipeline.Line{{Ledger: tl.src.gens[0].ledger, Range: pipeline.Range{Start: 0, End: 7}}})
	tl.had("two")
	tl.pass(time.Second)
	wantEOF(t, tl.read())
	tl.wantLost()
}

func TestSourceWithoutAnyGenerationLeftEnds(t *testing.T) {
	tl := newTail(t)
	tl.open(pipeline.Place{Path: tl.name, Inode: 1, FingerprintLen: 3, Fingerprint: "x", Offset: 3, Size: 3})
	wantEOF(t, tl.read())
	tl.wantLost()
}

func TestNameThatCannotBeLookedAt(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.rename("", ".1")
	os.Symlink(tl.name, tl.name) // a loop
	tl.write(".1", "late\n")
	err := tl.read()
	if err == nil {
		tl.pass(time.Second)
		err = tl.read()
	}
	if !errors.Is(err, syscall.ELOOP) || !strings.Contains(err.Error(), tl.name) {
		t.Errorf("got %v, want the loop with its name", err)
	}
	tl.pass(retryTime)
	if err := tl.read(); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("later: got %v", err)
	}
	tl.had("late") // what is open is read all the same
	tl.remove("")
	tl.write("", "two\n")
	tl.pass(retryTime)
	tl.want("two")
}

func TestFirstSight(t *testing.T) {
	for _, test := range []struct {
		name    string
		opts    Options
		ageDays int // of the name
		want    string
	}{
		{"from the beginning", Options{}, 0, "now new"},
		{"rotated ones too", Options{Rotated: true}, 0, "eight week day now new"},
		{"not what is old", Options{Rotated: true, IgnoreOlder: 7 * 24 * time.Hour}, 0, "week day now new"},
		{"an old file from its end", Options{IgnoreOlder: 7 * 24 * time.Hour}, 30, "new"},
		{"an old file from the beginning", Options{}, 30, "now new"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tl := newTail(t)
			test.opts.Lost = tl.opts.Lost
			tl.opts = test.opts
			aged := func(suffix, text string, age time.Duration) {
				tl.write(suffix, text)
				at := tl.now.Add(-age)
				os.Chtimes(tl.path(suffix), at, at)
			}
			const day = 24 * time.Hour
			aged(".2", "eight\n", 8*day)
			aged("-20260102", "week\n", 6*day)
			aged(".1", "day\n", day)
			aged("", "now\n", time.Duration(test.ageDays)*day)
			aged(".2.gz", "compressed\n", day)
			tl.open()
			tl.read()
			tl.write("", "new\n")
			tl.want(test.want)
		})
	}
}

func TestSiblingsThatWereLeftOutStayOut(t *testing.T) {
	tl := newTail(t)
	tl.write("", "")
	tl.write(".1", "old\n") // changed later than the name
	tl.open()
	tl.write("", "one\n")
	tl.want("one")
	tl.rename(".1", ".2")
	tl.rename("", ".1")
	tl.write("", "two\n")
	tl.want("two")
	tl.end()
	tl.restart(func() {})
	tl.want("one two")
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                          "it is a directory; name the files in it, as in " + dir + "/*.log",
		fifo:                         "it is a named pipe",
		"/dev/null":                  "it is not a regular file (Dcrw-rw-rw-)",
		filepath.Join(dir, "absent"): "file does not exist",
	} {
		_, err := Open(path, nil, Options{}, time.Now())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("open %s: %v, want %q", path, err, want)
		}
	}
	if _, err := Open(filepath.Join(dir, "absent"), nil, Options{}, time.Now()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v, want fs.ErrNotExist", err)
	}
}

func TestEqualBeginnings(t *testing.T) {
	header := strings.Repeat("=", 2000) + "\n"
	t.Run("running", func(t *testing.T) {
		tl := newTail(t)
		tl.write("", header+"one\n")
		tl.open()
		tl.settled()
		for i, suffix := range []string{".3", ".2", ".1"} {
			tl.rename("", suffix)
			tl.write("", header+fmt.Sprintf("%d\n", i))
		}
		header := strings.TrimSpace(header)
		tl.want(header + " 0 " + header + " 1 " + header + " 2")
	})
	t.Run("down", func(t *testing.T) {
		tl := newTail(t)
		tl.write("", header+"one\n")
		tl.open()
		tl.settled()
		tl.restart(func() {
			tl.write("", "two\n")
			tl.rename("", ".1")
			tl.write("", header+"three\n")
		})
		tl.want("two " + strings.TrimSpace(header) + " three")
	})
	t.Run("copytruncate while down", func(t *testing.T) {
		tl := newTail(t)
		tl.write("", header+"one\n")
		tl.open()
		tl.settled()
		tl.restart(func() {
			tl.write("", "two\n")
			tl.copyTo(".1")
			tl.truncate()
			tl.write("", header+"three\n")
		})
		tl.want("two " + strings.TrimSpace(header) + " three")
	})
}

func TestSmallFileGrowsWhileDown(t *testing.T) {
	tl := newTail(t)
	tl.write("", "123456789\n")
	tl.open()
	tl.settled()
	if p := tl.src.Places()[0]; p.FingerprintLen != 10 || p.Offset != 10 || string(p.Before) != "123456789\n" {
		t.Errorf("place is %+v", p)
	}
	more := strings.Repeat("x", 2000)
	tl.restart(func() { tl.write("", more+"\n") })
	tl.want(more)
	settle([]pipeline.Line{{Ledger: tl.src.gens[0].ledger, Range: pipeline.Range{Start: 10, End: 2011}}})
	if p := tl.src.Places()[0]; p.FingerprintLen != 1024 || p.Offset != 2011 || len(p.Before) != 64 {
		t.Errorf("place is %+v", p)
	}
	tl.restart(func() { tl.write("", "end\n") })
	tl.want("end")
}

func TestMarkIsSavedAndRestored(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\n")
	tl.open()
	tl.read()
	mark := pipeline.Mark{Time: 5, Repeat: 2}
	tl.lines[0].Ledger.Settle(tl.lines[0].Range, mark)
	tl.lines = nil
	tl.restart(func() {})
	tl.read()
	if got := tl.lines[0].Ledger.Begin(pipeline.Mark{Time: 9}); got != mark {
		t.Errorf("the mark is %v, want %v", got, mark)
	}
}

// The truncation was not seen yet: what lies before the new position is not
// what was read there.
func TestPlacesAfterATruncationAreTheLastRightOnes(t *testing.T) {
	tl := newTail(t)
	long := strings.Repeat("x", 2000)
	tl.write("", long+"\ntwo\nthree\nfour\n")
	tl.open()
	tl.read()
	settle(tl.lines[:1])
	before := tl.src.Places()[0]
	tl.copyTo(".1")
	tl.truncate()
	tl.write("", strings.Repeat("regrown\n", 500))
	settle(tl.lines[1:2])
	if p := tl.src.Places()[0]; p.Offset != 2001 || !bytes.Equal(p.Before, before.Before) {
		t.Errorf("place is %+v, want the one before: %+v", p, before)
	}
	tl.lines = nil
	tl.restart(func() {})
	tl.want("two three four" + strings.Repeat(" regrown", 500))
	tl.wantLost()
}

// The first bytes are remembered, so there is nothing to read.
func TestPlaceInAFilesBeginningIsRightAfterATruncation(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\nthree\nfour\n")
	tl.open()
	tl.read()
	settle(tl.lines[:2])
	tl.lines = nil
	tl.copyTo(".1")
	tl.truncate()
	tl.write("", strings.Repeat("regrown\n", 10))
	tl.restart(func() {})
	tl.want("three four" + strings.Repeat(" regrown", 10))
	tl.wantLost()
}

// What was read and is settled needs no look at the file.
func TestPlaceAtTheOffsetIsRightAfterATruncation(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\n")
	tl.open()
	tl.settled()
	tl.write("", "three\n")
	tl.copyTo(".1")
	tl.truncate()
	tl.write("", strings.Repeat("regrown\n", 10))
	tl.restart(func() {})
	tl.want("three" + strings.Repeat(" regrown", 10))
	tl.wantLost()
}

// A copy that is about to be followed by a truncation is no new generation.
func TestRestartBetweenCopyAndTruncation(t *testing.T) {
	tl := newTail(t)
	long := strings.Repeat("x", 2000)
	tl.write("", long+"\n")
	tl.open()
	tl.settled()
	tl.write("", "two\n")
	tl.restart(func() { tl.copyTo(".1") })
	tl.want("two")
	tl.truncate()
	tl.write("", "three\n")
	tl.want("three")
	tl.end()
	tl.had("")
	tl.wantLost()
}

// A copy that is still being made is no generation that was missed.
func TestCopyOfWhatWasNotRead(t *testing.T) {
	for _, copied := range []int{0, 3, 8, 9000} {
		tl := newTail(t)
		tl.write("", "")
		tl.open()
		tl.want("")
		tl.write("", "one\ntwo\n"+strings.Repeat("and so on\n", 1000))
		text, _ := os.ReadFile(tl.name)
		os.WriteFile(tl.path(".1"), text[:copied], 0o644)
		want := strings.Fields("one two" + strings.Repeat(" and so on", 1000))
		tl.want(strings.Join(want, " "))
		tl.copyTo(".1")
		tl.truncate()
		tl.write("", "three\n")
		tl.want("three")
		tl.end()
		tl.had("")
		tl.wantLost()
	}
}

// A part of a line makes room for a whole one that is as long.
func TestPartReplacedByALineOfTheSameLength(t *testing.T) {
	tl := newTail(t)
	tl.write("", "")
	tl.open()
	tl.write("", "part")
	tl.want("")
	tl.copyTo(".1")
	tl.truncate()
	tl.write("", "new\n")
	tl.want("new")
	tl.end()
	tl.had("part")
	tl.wantLost()
}

func TestCopiesAreReadInTheOrderTheyWereMade(t *testing.T) {
	tl := newTail(t)
	tl.write("", "")
	tl.open()
	tl.want("")
	tl.write("", "one\n")
	tl.copyTo(".2")
	tl.truncate()
	tl.write("", "two\n")
	tl.rename("", ".1")
	tl.write("", "three\n")
	tl.want("one two three")
}

// What came before it would not be looked for later.
func TestNewestFileLosesItsNameBeforeItIsRead(t *testing.T) {
	tl := newTail(t)
	tl.write("", "")
	tl.open()
	tl.want("")
	tl.write("", "one\n")
	tl.copyTo(".2")
	tl.truncate()
	tl.write("", strings.Repeat("two\n", 2*maxLines)) // more than one read gives
	for i, suffix := range []string{".2", ""} {
		tl.must(tl.files.SetTime(tl.path(suffix), time.Now().Add(time.Duration(i+1)*time.Minute)))
	}
	tl.pass(time.Second)
	tl.src.check(tl.now)
	tl.remove("")
	tl.write("", "three\n")
	if err := tl.read(); err != nil {
		t.Error(err)
	}
	tl.pass(time.Second)
	tl.read()
	seen := map[string]int{}
	for _, l := range tl.lines {
		seen[string(l.Text)]++
	}
	if seen["one"] != 1 || seen["two"] != 2*maxLines || seen["three"] != 1 {
		t.Errorf("lines are %v", seen)
	}
	tl.wantLost()
}

// The copy of what came after a truncation is in the making.
func TestSecondCopyInTheMaking(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.write("", "two\n")
	tl.copyTo(".2")
	tl.truncate()
	tl.write("", "another\n")
	tl.copyTo(".1")
	tl.want("two another")
	tl.truncate()
	tl.write("", "last\n")
	tl.want("last")
	tl.end()
	tl.had("")
	tl.wantLost()
}

// Many files begin with the one byte that is known of the first place.
func TestCopiesGoToWhomTheyFitBest(t *testing.T) {
	tl := newTail(t)
	for suffix, text := range map[string]string{".2": "one\ntwo\n", ".1": "other\n", "": "new\n"} {
		tl.write(suffix, text)
		tl.must(tl.files.SetTime(tl.path(suffix), tl.now.Add(time.Duration(-len(text))*time.Second)))
	}
	tl.open(
		pipeline.Place{Path: tl.name, Inode: 1, FingerprintLen: 1, Fingerprint: fingerprint([]byte("o")), Size: 1},
		pipeline.Place{
			Path: tl.name, Inode: 2, FingerprintLen: 8, Fingerprint: fingerprint([]byte("one\ntwo\n")),
			Offset: 4, Before: []byte("one\n"), Size: 8,
		})
	tl.want("other two new")
	tl.wantLost()
}

// The inode is the same and so are the bytes before the offset.
func TestOtherBeginningIsAnotherFile(t *testing.T) {
	tl := newTail(t)
	rest := strings.Repeat("x", 100) + "\n"
	tl.write("", "one\n"+rest)
	tl.open()
	tl.settled()
	tl.restart(func() {
		tl.truncate()
		tl.write("", "two\n"+rest)
	})
	tl.want("two " + strings.TrimSpace(rest))
}

// A later generation that begins alike is not taken for the one that is gone.
func TestShorterFileIsNoCopy(t *testing.T) {
	tl := newTail(t)
	header := strings.Repeat("=", 2000) + "\n"
	tl.write("", header+strings.Repeat("one\n", 100))
	tl.open()
	tl.read()
	settle(tl.lines[:1])
	tl.lines = nil
	tl.restart(func() {
		tl.write(".new", header+"two\n") // with an inode of its own
		tl.rename(".new", ".1")
		tl.remove("")
		tl.write("", "three\n")
	})
	tl.want(strings.TrimSpace(header) + " two three")
	tl.wantLost("400 bytes of app.log: gone before it was read to its end")
}

// It is over when it was quiet for Linger, not Linger after its rotation.
func TestRenamedFileIsReadAsLongAsItGrows(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.rename("", ".1")
	tl.write("", "")
	for i := range 10 {
		tl.pass(3 * time.Second)
		tl.write(".1", fmt.Sprintf("%d\npart", i))
		tl.pass(time.Second)
		tl.read()
		tl.write(".1", "\n")
	}
	tl.want("0 part 1 part 2 part 3 part 4 part 5 part 6 part 7 part 8 part 9 part")
}

func TestPlacesThatWereSavedAreNotChanged(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.settled()
	p := tl.src.Places()[0]
	saved := bytes.Clone(p.Before)
	p.Before = append(make([]byte, 0, 100), p.Before...)
	tl.close()
	tl.open(p)
	tl.write("", strings.Repeat("two\n", 50))
	tl.read()
	if !bytes.Equal(p.Before, saved) || !bytes.Equal(tl.src.Places()[0].Before, saved) {
		t.Errorf("the bytes before the offset became %q", p.Before)
	}
}

// The inode of a file that is over may be another's by now.
func TestInodeOfAFileThatIsOver(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.settled()
	tl.rename("", ".1")
	tl.write("", "two\n")
	tl.end()
	settle(tl.lines)
	tl.had("two")
	tl.end()
	over := tl.src.gens[0]
	if over.file != nil {
		t.Fatal("the file that is over is open")
	}
	tl.rename("", ".2")
	tl.write("", "3.\n")
	info, _ := os.Stat(tl.name)
	over.id = idOf(info)
	tl.want("3.")
}

func TestInodesCountWithinADevice(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.settled()
	p := tl.src.Places()[0]
	g := tl.src.gens[0]
	if !g.is(p) {
		t.Error("the file is not what its place describes")
	}
	if p.Device++; g.is(p) {
		t.Error("a file of another device is taken for it")
	}
	if p.Device = 0; !g.is(p) {
		t.Error("devices of another boot count")
	}
}

// What is written to a renamed file when it seemed to be over comes with the
// next rotation.
func TestVeryLateLines(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.settled()
	tl.rename("", ".1")
	tl.write("", "two\n")
	tl.settled()
	tl.end()
	tl.end()
	tl.write(".1", "late\n")
	tl.want("two")
	tl.rename(".1", ".2")
	tl.rename("", ".1")
	tl.write("", "three\n")
	tl.want("late three")
}

// Another generation that begins alike is no copy of the one that is gone.
func TestOpenGenerationIsNoCopy(t *testing.T) {
	tl := newTail(t)
	header := strings.Repeat("=", 2000)
	tl.write("", header+"\nonly here\n")
	tl.open()
	tl.settled()
	tl.rename("", ".1")
	tl.write("", header+"\npart")
	tl.want(header)
	tl.write(".1", "late\n")
	tl.truncate()
	tl.write("", "new\n")
	tl.want("late new")
	tl.wantLost("4 bytes of app.log: truncated, and no copy of it was found")
}

func TestGenerationsAreForgotten(t *testing.T) {
	tl := newTail(t)
	tl.write("", "0\n")
	tl.open()
	for i := range 20 {
		tl.settled()
		tl.must(tl.files.SetTime(tl.name, time.Now().Add(time.Duration(i-30)*time.Hour)))
		tl.rename("", fmt.Sprint(".", 30-i))
		tl.write("", fmt.Sprintf("%d\n", i))
		tl.pass(time.Second)
	}
	for range 3 {
		tl.settled()
		tl.pass(tl.src.opts.Linger)
	}
	if n := len(tl.src.gens); n != 4 {
		t.Errorf("%d generations are known, want the newest and three before", n)
	}
	if open := openFiles(t, filepath.Dir(tl.name)); open != 1 {
		t.Errorf("%d files are open, want 1", open)
	}
	if n := len(tl.src.Places()); n != 4 {
		t.Errorf("%d places, want 4", n)
	}
	tl.restart(func() {})
	tl.want("")
}

// Handles keep what a rotation unlinks, even while nothing may be read.
func TestFollowOpensWhatCannotBeReadYet(t *testing.T) {
	tl := newTail(t)
	tl.write("", "0\n")
	tl.open()
	for i := range 5 {
		tl.rename("", ".1") // the one before is unlinked
		tl.write("", fmt.Sprintf("%d\n", i+1))
		if next := tl.src.Follow(tl.now); !next.Equal(tl.now.Add(100 * time.Millisecond)) {
			t.Errorf("the next look is due after %v", next.Sub(tl.now))
		}
		tl.pass(100 * time.Millisecond)
	}
	tl.want("0 1 2 3 4 5")
	tl.wantLost()
}

func TestFollowOpensCopiesThatCannotBeReadYet(t *testing.T) {
	tl := newTail(t)
	tl.write("", "0\n")
	tl.open()
	tl.want("0")
	for i := range 5 {
		tl.write("", fmt.Sprintf("%d\n", i+1))
		os.Remove(tl.path(".1"))
		tl.copyTo(".1")
		tl.truncate()
		tl.src.Follow(tl.now)
		tl.pass(100 * time.Millisecond)
	}
	tl.want("1 2 3 4 5")
	tl.wantLost()
}

func TestHardLinkIsNoOtherGeneration(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.remove("")
	tl.write("", "two\n")
	os.Link(tl.name, tl.path(".1"))
	tl.want("two")
}

func TestUnreadableGenerationDoesNotHoldUpTheNext(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.rename("", ".1")
	tl.write("", "two\n")
	tl.src.Follow(tl.now)
	tl.src.gens[0].file.Close() // reading fails from now on
	err := tl.read()
	if err == nil || !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	tl.had("two")
}

func openFiles(t *testing.T, dir string) (n int) {
	links, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if target, _ := os.Readlink("/proc/self/fd/" + l.Name()); strings.HasPrefix(target, dir) {
			n++
		}
	}
	return n
}

func TestIsGeneration(t *testing.T) {
	for _, test := range []struct {
		base, name string
		number     int
		want       bool
	}{
		{"app.log", "app.log.1", 1, true},
		{"app.log", "app.log.12", 12, true},
		{"app.log", "app.log-1", 1, true},
		{"syslog", "syslog.1", 1, true},
		{"app.log", "app.log.old", 0, true},
		{"app.log", "app.log-20260102", 0, true},
		{"app.log", "app.log-20260102-1767312000", 0, true},
		{"app.log", "app.log.1767312000", 0, true},
		{"app.log", "app.log-2026010215", 0, true},
		{"app.log", "app.log.2026-01-02", 0, true},
		{"app.log", "app.log.2026-01-02_15-04-05", 0, true},
		{"0.log", "0.log.20260102-150405", 0, true},
		{"app.log", "app-20260102.log", 0, true},
		{"app.log", "app.2026-01-02.log", 0, true},
		{"app.log", "app.2026-01-02.3.log", 0, true},
		{"app.log", "app-2026-01-02T15-04-05.000.log", 0, true},
		{"app.log", "app.1.log", 1, true},
		{"abc-json.log", "abc-json.log.2", 2, true},

		{"app.log", "app.log", 0, false},
		{"app.log", "app.log.1.gz", 1, true},
		{"app.log", "app.log-20260102.gz", 0, true},
		{"app.log", "app-20260102.log.gz", 0, true},
		{"app.log", "app.log.gz", 0, false},
		{"app.log", "app.log.1.gz.gz", 0, false},
		{"app.log", "app.log.1.bz2", 0, false},
		{"app.log", "app.log.tmp", 0, false},
		{"app.log", "app.log.", 0, false},
		{"app.log", "app-1.log", 0, false}, // another instance
		{"app.log", "app-worker.log", 0, false},
		{"app.log", "app1.log", 0, false},
		{"app.log", "other.log.1", 0, false},
		{"app.log", "app.log.12345", 0, false},
		{"app.log", "app.log-staging", 0, false},
		{"app", "app.log", 0, false},
		{"app", "app.log.1", 0, false},
	} {
		number, got := generationNumber(test.base, test.name)
		if got != test.want || number != test.number || IsGeneration(test.base, test.name) != test.want {
			t.Errorf("%s of %s: %v with number %d, want %v with %d", test.name, test.base, got, number, test.want, test.number)
		}
	}
}

func TestSiblingsAreSortedByAge(t *testing.T) {
	dir := t.TempDir()
	at := time.Now()
	for _, f := range []struct {
		name string
		age  time.Duration
	}{
		{"app.log.1", 1}, {"app.log.2", 1}, {"app.log.10", 1}, {"app.log.3", 2},
		{"app.log-20260101", 3}, {"app-20260102.log", 4}, {"app.log", 0}, {"app.log.1.gz", 9},
	} {
		path := filepath.Join(dir, f.name)
		changed := at.Add(-f.age * time.Hour)
		if err := errors.Join(os.WriteFile(path, nil, 0o644), os.Chtimes(path, changed, changed)); err != nil {
			t.Fatal(err)
		}
	}
	names := func(since time.Time) string {
		src := &Source{name: filepath.Join(dir, "app.log"), opts: DefaultOptions()}
		listed, err := src.list(since)
		if err != nil {
			t.Error(err)
		}
		var all []string
		for _, l := range listed {
			all = append(all, filepath.Base(l.path))
		}
		return strings.Join(all, " ")
	}
	want := "app-20260102.log app.log-20260101 app.log.3 app.log.10 app.log.2 app.log.1 app.log"
	if got := names(time.Time{}); got != want {
		t.Errorf("siblings are %s, want %s", got, want)
	}
	if got, want := names(at.Add(-2*time.Hour)), "app.log.3 app.log.10 app.log.2 app.log.1 app.log"; got != want {
		t.Errorf("siblings of two hours are %s, want %s", got, want)
	}
}

func TestCloseClosesEveryHandle(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.write(".1", "x\n")
	tl.opts.Rotated = true
	tl.open()
	tl.read()
	tl.rename("", ".2")
	tl.write("", "two\n")
	tl.pass(time.Second)
	tl.read()
	if err := tl.src.Close(); err != nil {
		t.Error(err)
	}
	if n := openFiles(t, filepath.Dir(tl.name)); n != 0 {
		t.Errorf("%d files are open", n)
	}
	settle(tl.lines)
	if n := len(tl.src.Places()); n != 3 {
		t.Errorf("%d places after Close, want 3", n)
	}
}

func FuzzCutLine(f *testing.F) {
	f.Add([]byte("one\ntwo"), 10, true)
	f.Add([]byte("a漢b\n\n"), 2, false)
	f.Fuzz(func(t *testing.T, data []byte, maxLine int, over bool) {
		if maxLine < 1 || maxLine > 1<<20 {
			return
		}
		for len(data) > 0 {
			text, size := cutLine(data, (*Charset)(nil).form(nil), maxLine, over)
			if text > maxLine || size < text || size > text+1 || size > len(data) {
				t.Fatalf("cut %q to %d and %d bytes, at most %d are allowed", data, text, size, maxLine)
			}
			if size == 0 {
				if over || len(data) > maxLine || bytes.IndexByte(data, '\n') >= 0 {
					t.Fatalf("%q is held back", data)
				}
				return
			}
			if bytes.IndexByte(data[:text], '\n') >= 0 {
				t.Fatalf("%q is one line", data[:text])
			}
			data = data[size:]
		}
	})
}

// Whatever was saved, opening works, and nothing is read twice.
func FuzzRestore(f *testing.F) {
	f.Add(int64(4), int64(4), "", []byte("one\n"), int64(100), true)
	f.Add(int64(-1), int64(1<<60), "x", []byte{}, int64(0), false)
	f.Fuzz(func(t *testing.T, offset, length int64, print string, before []byte, size int64, sameInode bool) {
		tl := newTail(t)
		tl.write("", "one\ntwo\nthree\n")
		tl.open()
		inode := tl.src.gens[0].id.inode
		tl.close()
		if !sameInode {
			inode++
		}
		tl.open(pipeline.Place{
			Path: tl.name, Inode: inode, Offset: offset, FingerprintLen: length, Fingerprint: print,
			Before: before, Size: size,
		})
		tl.read()
		for i, l := range tl.lines {
			if i > 0 && l.Range.Start != tl.lines[i-1].Range.End {
				t.Fatalf("line %d is at %v, the one before at %v", i, l.Range, tl.lines[i-1].Range)
			}
		}
		if n := len(tl.lines); n == 0 && offset != 14 || n > 3 {
			t.Fatalf("%d lines", n)
		}
	})
}
