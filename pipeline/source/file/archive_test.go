package file

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func gzipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	zw.Write(text)
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// compress replaces a file by its compressed form, as logrotate does: with the
// same time.
func (tl *tail) compress(suffix string) {
	tl.t.Helper()
	tl.compressTo(suffix, suffix+".gz")
	info, _ := os.Stat(tl.path(suffix))
	os.Chtimes(tl.path(suffix+".gz"), info.ModTime(), info.ModTime())
	tl.remove(suffix)
}

func (tl *tail) compressTo(from, to string) {
	tl.t.Helper()
	text, err := os.ReadFile(tl.path(from))
	if err == nil {
		err = os.WriteFile(tl.path(to), gzipped(tl.t, text), 0o644)
	}
	if err != nil {
		tl.t.Fatal(err)
	}
}

// timed sets a file's time.
func (tl *tail) timed(suffix string, at time.Time) {
	tl.t.Helper()
	if err := os.Chtimes(tl.path(suffix), at, at); err != nil {
		tl.t.Fatal(err)
	}
}

// Every way in which a rotation compresses, with what was read before it.
func TestCompressedGenerations(t *testing.T) {
	rename := func(tl *tail) {
		tl.rename("", ".1")
		tl.compress(".1")
	}
	copytruncate := func(tl *tail) {
		tl.copyTo(".1")
		tl.truncate()
		tl.compress(".1")
	}
	direct := func(tl *tail) { // there never was a copy
		tl.compressTo("", ".1.gz")
		tl.truncate()
	}
	now := func(tl *tail) { // the times are those of the compression
		rename(tl)
		tl.timed(".1.gz", time.Now().Add(time.Second))
	}
	for name, rotate := range map[string]func(tl *tail){
		"rename": rename, "copytruncate": copytruncate, "direct": direct, "other time": now,
	} {
		shift := func(tl *tail) {
			for i := 9; i > 0; i-- {
				os.Rename(tl.path(fmt.Sprint(".", i, ".gz")), tl.path(fmt.Sprint(".", i+1, ".gz")))
			}
		}
		t.Run(name+" while running", func(t *testing.T) {
			tl := newTail(t)
			tl.write("", "one\n")
			tl.open()
			tl.want("one")
			for i := range 5 {
				tl.write("", fmt.Sprintf("%d.\n", i))
				shift(tl)
				rotate(tl)
				tl.write("", fmt.Sprintf("regrown at once %d\n", i))
				tl.want(fmt.Sprintf("%d. regrown at once %d", i, i))
				tl.end()
				settle(tl.lines)
				tl.had("")
			}
			tl.wantLost()
		})
		t.Run(name+" while down", func(t *testing.T) {
			tl := newTail(t)
			tl.write("", "one\ntwo\n")
			tl.open()
			tl.read()
			settle(tl.lines[:1])
			tl.lines = nil
			tl.restart(func() {
				tl.write("", "three\n")
				rotate(tl)
				tl.write("", "four, and more than before\n")
			})
			tl.want("two three four, and more than before")
			settle(tl.lines)
			tl.end()
			tl.restart(func() {})
			tl.wantLost()
		})
		t.Run(name+" while down and settled", func(t *testing.T) {
			tl := newTail(t)
			tl.write("", "one\ntwo\n")
			tl.open()
			tl.settled()
			tl.restart(func() {
				rotate(tl)
				tl.write("", "three\n")
			})
			tl.want("three")
			tl.end()
			tl.restart(func() {})
			tl.want("three")
			tl.wantLost()
		})
		t.Run(name+" three times while down", func(t *testing.T) {
			tl := newTail(t)
			tl.write("", "one\ntwo\n")
			tl.open()
			tl.read()
			settle(tl.lines[:1])
			tl.lines = nil
			tl.restart(func() {
				for i := range 3 {
					tl.write("", fmt.Sprintf("%d.\n", i))
					shift(tl)
					rotate(tl)
				}
				tl.write("", "last\n")
			})
			tl.want("two 0. 1. 2. last")
			tl.wantLost()
		})
		t.Run(name+" three times between two looks", func(t *testing.T) {
			tl := newTail(t)
			tl.write("", "one\n")
			tl.open()
			tl.want("one")
			for i := range 3 {
				tl.write("", fmt.Sprintf("%d.\n", i))
				shift(tl)
				rotate(tl)
			}
			tl.write("", "last\n")
			tl.want("0. 1. 2. last")
			tl.end()
			tl.had("")
			tl.wantLost()
		})
		t.Run(name+" before anything was read", func(t *testing.T) {
			tl := newTail(t)
			tl.write("", "")
			tl.open()
			tl.want("")
			for i := range 3 {
				tl.write("", fmt.Sprintf("%d.\n", i))
				shift(tl)
				rotate(tl)
			}
			tl.write("", "last\n")
			tl.want("0. 1. 2. last")
			tl.wantLost()
		})
	}
}

func TestCompressedGenerationsAtFirstSight(t *testing.T) {
	for _, test := range []struct {
		name string
		opts Options
		want string
	}{
		{"left out", Options{}, "now new"},
		{"rotated ones too", Options{Rotated: true}, "old week day now new"},
		{"not what is old", Options{Rotated: true, IgnoreOlder: 7 * 24 * time.Hour}, "week day now new"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tl := newTail(t)
			test.opts.Lost = tl.opts.Lost
			tl.opts = test.opts
			for suffix, days := range map[string]int{"-20260103": 1, "-20260102": 6, "-20260101": 8} {
				text := map[int]string{1: "day\n", 6: "week\n", 8: "old\n"}[days]
				tl.write(suffix, text)
				tl.timed(suffix, tl.now.Add(-time.Duration(days)*24*time.Hour))
				tl.compress(suffix)
			}
			tl.write("", "now\n")
			tl.open()
			tl.read()
			tl.write("", "new\n")
			tl.want(test.want)
			settle(tl.lines)
			tl.wantLost()
		})
	}
}

// What was there at first sight and left out stays out.
func TestCompressedSiblingsThatWereLeftOutStayOut(t *testing.T) {
	tl := newTail(t)
	tl.write("", "")
	tl.write(".1", "old\n")
	tl.compress(".1") // changed later than the name
	tl.open()
	tl.write("", "one\n")
	tl.want("one")
	tl.restart(func() {})
	tl.want("one")
	tl.rename(".1.gz", ".2.gz")
	tl.rename("", ".1")
	tl.write("", "two\n")
	tl.want("two")
	tl.wantLost()
}

// The generation's place is in the compressed file, in any state of reading.
func TestRestartInACompressedGeneration(t *testing.T) {
	tl := newTail(t)
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	tl.write(".1", text.String())
	tl.compress(".1")
	tl.write("", "last\n")
	tl.opts.Rotated = true
	tl.open()
	next := 0
	for next < 50_001 {
		tl.lines = nil
		for range 7 {
			tl.block.Reset()
			if err := tl.src.Read(&tl.block, tl.now); err != nil {
				t.Fatal(err)
			}
			for _, l := range tl.block.Lines {
				tl.lines = append(tl.lines, pipeline.Line{Text: bytes.Clone(l.Text), Range: l.Range, Ledger: l.Ledger})
			}
		}
		for _, l := range tl.lines {
			if want := fmt.Sprint("line ", next); next < 50_000 && string(l.Text) != want {
				t.Fatalf("got %q, want %q", l.Text, want)
			}
			next++
		}
		settled := len(tl.lines)
		if settled > 10 && next < 50_001 {
			settled -= 5 // these come again
			next -= 5
		}
		settle(tl.lines[:settled])
		tl.restart(func() {})
	}
	tl.lines = nil
	tl.want("")
	tl.wantLost()
}

// A compressed file is not there before it is whole.
func TestCompressedFileThatIsBeingWritten(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\n")
	tl.open()
	tl.read()
	settle(tl.lines[:1])
	tl.lines = nil
	packed := gzipped(t, []byte("one\ntwo\nthree\n"))
	tl.restart(func() {
		tl.remove("")
		tl.write("", "and more\n")
		tl.write(".1.gz", "")
	})
	for i := range packed {
		tl.want("") // younger lines wait
		tl.write(".1.gz", string(packed[i:i+1]))
	}
	tl.want("two three and more")
	tl.wantLost()
}

func TestDamagedCompressedFileIsNamedOnce(t *testing.T) {
	packed := gzipped(t, []byte(strings.Repeat("one\n", 1000)))
	for name, damaged := range map[string][]byte{
		"cut": packed[:len(packed)-5], "changed": append(bytes.Clone(packed[:len(packed)-6]), "abcdef"...), "no gzip": []byte("text\n"),
	} {
		t.Run(name, func(t *testing.T) {
			tl := newTail(t)
			tl.write("", "")
			tl.open()
			tl.want("")
			tl.write(".1.gz", string(damaged))
			tl.write("", "new\n")
			tl.want("")
			tl.end()
			tl.had("new")
			for range 3 {
				tl.rename("", ".1")
				tl.write("", "more\n")
				tl.want("more")
				tl.end()
				os.Remove(tl.path(".1"))
			}
			if len(tl.lost) != 1 || !strings.Contains(tl.lost[0], "app.log.1.gz: damaged: unpack: ") {
				t.Errorf("lost: %q", tl.lost)
			}
		})
	}
	t.Run("in place of a generation", func(t *testing.T) {
		tl := newTail(t)
		tl.write("", "one\ntwo\n")
		tl.open()
		tl.read()
		settle(tl.lines[:1])
		tl.lines = nil
		tl.restart(func() {
			tl.remove("")
			tl.write("", "new\n")
			tl.write(".1.gz", string(packed[:20]))
		})
		tl.end()
		tl.had("new")
		tl.wantLost("4 bytes of app.log: gone before it was read to its end")
	})
}

// counter counts what is read of compressed files.
type counter struct {
	realDisk
	packed int64
}

type countedFile struct {
	handle
	n *int64
}

func (d *counter) Open(path string) (handle, error) {
	h, err := d.realDisk.Open(path)
	if err == nil && strings.HasSuffix(path, zipSuffix) {
		h = countedFile{h, &d.packed}
	}
	return h, err
}

func (f countedFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.handle.ReadAt(p, at)
	*f.n += int64(n)
	return n, err
}

func TestCompressedFilesAreNotUnpackedAtEachLook(t *testing.T) {
	tl := newTail(t)
	d := &counter{}
	tl.opts.disk = d
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.rename("", ".1")
	tl.compress(".1")
	for range 30 { // the name is missing, so each look lists the folder
		tl.want("")
	}
	info, err := os.Stat(tl.path(".1.gz"))
	if err != nil || d.packed > 2*info.Size() {
		t.Errorf("%d bytes were read of a compressed file of %d, %v", d.packed, info.Size(), err)
	}
}

// A few kilobytes that are gigabytes unpacked take neither memory nor long.
func TestBomb(t *testing.T) {
	tl := newTail(t)
	const size = 32 << 20
	tl.opts.Rotated = true
	var nuls int64
	tl.opts.NULs = func(_ string, n int64) { nuls += n }
	bomb, err := os.Create(tl.path(".1.gz"))
	tl.must(err)
	zw := gzip.NewWriter(bomb)
	for range size >> 16 {
		zw.Write(make([]byte, 1<<16))
	}
	tl.must(errors.Join(zw.Close(), bomb.Close()))
	tl.write("", "last\n")
	tl.timed("", time.Now().Add(time.Second))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tl.open()
	start := time.Now()
	longest := time.Duration(0)
	for len(tl.block.Lines) == 0 {
		at := time.Now()
		tl.block.Reset()
		if err := tl.src.Read(&tl.block, tl.now); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(at))
		if time.Since(start) > time.Minute {
			t.Fatal("it does not come to an end")
		}
		tl.pass(20 * time.Millisecond)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 8<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
	tl.end()
	if nuls != size {
		t.Errorf("%d NUL bytes were left out, want %d", nuls, size)
	}
	t.Logf("%d bytes in %v, at most %v for a read", size, time.Since(start), longest)
}

// Who asks for what lies far on is not kept waiting.
func TestUnpackingIsBoundedForEachCall(t *testing.T) {
	const size = 5 * stepLen / 2
	name := filepath.Join(t.TempDir(), "x.gz")
	if err := os.WriteFile(name, gzipped(t, make([]byte, size)), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := realDisk{}.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{packed: h, size: size}
	defer a.Close()
	calls := 1
	for ; calls < 10; calls++ {
		if _, err = a.ReadAt(make([]byte, 10), size-100); !errors.Is(err, errAgain) {
			break
		}
	}
	if err != nil || calls != 3 {
		t.Errorf("%d calls, %v, want 3", calls, err)
	}
}

// A file that is truncated after it was recognised in its copy is finished from
// there, though nothing was read of it.
func TestCopyCountsAgainWhenItsFileIsTruncated(t *testing.T) {
	tl := newTail(t)
	tl.write("", "")
	tl.open()
	tl.want("")
	tl.write("", "one\n")
	tl.compressTo("", ".1.gz")
	tl.src.Follow(tl.now)
	tl.block.Reset()
	tl.src.Read(&tl.block, tl.now)
	if n := len(tl.src.gens); n != 1 || len(tl.block.Lines) > 0 || len(tl.src.dealt) != 1 {
		t.Fatalf("%d generations, %d lines: want the copy to be dropped and nothing read", n, len(tl.block.Lines))
	}
	tl.truncate()
	tl.write("", "two\n")
	tl.want("one two")
	tl.wantLost()
}

// It begins like a generation that was read, and ends before it.
func TestShorterCompressedFileIsNoCopy(t *testing.T) {
	tl := newTail(t)
	header := strings.Repeat("=", 2000)
	tl.write("", header+"\none\n")
	tl.open()
	tl.settled()
	tl.rename("", ".2")
	tl.write("", "")
	tl.end()
	tl.restart(func() {
		tl.remove(".2")
		tl.write("", header+"\n")
		tl.rename("", ".1")
		tl.compress(".1")
		tl.write("", "two\n")
	})
	tl.want(header + " two")
	tl.wantLost()
}

// FuzzUnpacker reads at any places and compares with the content.
func FuzzUnpacker(f *testing.F) {
	f.Add([]byte("one\ntwo\n"), uint64(1))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		name := filepath.Join(t.TempDir(), "x.gz")
		text = bytes.Repeat(text, 50)
		if err := os.WriteFile(name, gzipped(t, text), 0o644); err != nil {
			t.Fatal(err)
		}
		h, err := realDisk{}.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		a := &archive{packed: h, size: int64(len(text))}
		defer a.Close()
		r := rand.New(rand.NewPCG(seed, 0))
		for range 20 {
			at := r.IntN(len(text) + 2)
			buf := make([]byte, r.IntN(len(text)+10))
			n, err := a.ReadAt(buf, int64(at))
			want := text[min(at, len(text)):min(at+len(buf), len(text))]
			if !bytes.Equal(buf[:n], want) || err != nil && !errors.Is(err, io.EOF) || len(buf) > 0 && (err == nil) != (n == len(buf)) {
				t.Fatalf("%d bytes at %d: %d, %v", len(buf), at, n, err)
			}
		}
	})
}

// FuzzProbe reads whatever is named as a compressed file.
func FuzzProbe(f *testing.F) {
	f.Add([]byte("\x1f\x8b"))
	f.Add(gzipped(f, []byte("one\n")))
	f.Fuzz(func(t *testing.T, packed []byte) {
		tl := newTail(t)
		tl.opts.Rotated = true
		tl.write(".1.gz", string(packed))
		tl.write("", "last\n")
		tl.open()
		tl.read()
		tl.end()
		if n := len(tl.lines); n == 0 || string(tl.lines[n-1].Text) != "last" {
			t.Fatalf("%d lines: the name was not read", n)
		}
	})
}
