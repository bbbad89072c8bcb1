package file

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// pack compresses text.
func pack(t testing.TB, format, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch format {
	case "gz":
		w = gzip.NewWriter(&b)
	case "z":
		w = zlib.NewWriter(&b)
	case "zst":
		w, _ = zstd.NewWriter(&b)
	case "bz2":
		cmd := exec.Command("bzip2", "-1c") // in blocks of 100 kB
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Skipf("bzip2: %v", err)
		}
		return string(out)
	}
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// packs is a folder with sources of compressed files and a clock.
type packs struct {
	t       *testing.T
	dir     string
	opts    PackedOptions
	now     time.Time
	sources map[string]*Packed
	saved   map[string][]pipeline.Place
	block   pipeline.Block
	lines   []pipeline.Line
	lost    []string
	damaged []string
}

func newPacks(t *testing.T, format string) *packs {
	p := &packs{t: t, dir: t.TempDir(), now: time.Now(), sources: map[string]*Packed{}, saved: map[string][]pipeline.Place{}}
	p.opts.Format, p.opts.Shelf = format, NewShelf(&Unpackers{})
	p.opts.Lost = func(path string, bytes int64, why string) {
		p.lost = append(p.lost, filepath.Base(path)+": "+why)
	}
	p.opts.Damaged = func(path string, err error) {
		p.damaged = append(p.damaged, fmt.Sprintf("%s: %v", filepath.Base(path), err))
	}
	t.Cleanup(p.close)
	return p
}

func (p *packs) close() {
	for _, s := range p.sources {
		s.Close()
	}
	clear(p.sources)
}

func (p *packs) path(name string) string { return filepath.Join(p.dir, name) }

// write puts a new file in the place of one with the name.
func (p *packs) write(name, content string) {
	p.t.Helper()
	must(p.t, os.WriteFile(p.path(name+".new"), []byte(content), 0o644))
	must(p.t, os.Rename(p.path(name+".new"), p.path(name)))
}

// overwrite writes into the file.
func (p *packs) overwrite(name, content string) {
	p.t.Helper()
	must(p.t, os.WriteFile(p.path(name), []byte(content), 0o644))
}

func (p *packs) append(name, content string) {
	p.t.Helper()
	must(p.t, realFiles{}.Append(p.path(name), content))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens sources, with what was saved of them.
func (p *packs) open(names ...string) {
	p.t.Helper()
	for _, name := range names {
		s, err := OpenPacked(p.path(name), p.saved[name], p.opts, p.now)
		must(p.t, err)
		p.sources[name] = s
	}
}

// kill saves the places and begins anew in other order.
func (p *packs) kill(names ...string) {
	p.t.Helper()
	clear(p.saved)
	for name, s := range p.sources {
		p.saved[name] = s.Places()
	}
	p.close()
	p.opts.Shelf = NewShelf(&Unpackers{})
	for _, places := range p.saved {
		for _, place := range places {
			p.opts.Shelf.Put(place)
		}
	}
	p.open(names...)
}

// read reads all sources for some seconds.
func (p *packs) read(seconds int) {
	p.t.Helper()
	names := []string{}
	for name := range p.sources {
		names = append(names, name)
	}
	slices.Sort(names)
	for end := p.now.Add(time.Duration(seconds) * time.Second); !p.now.After(end); p.now = p.now.Add(250 * time.Millisecond) {
		for _, name := range names {
			p.readOne(name)
		}
	}
}

func (p *packs) readOne(name string) {
	p.t.Helper()
	for range 100_000 {
		p.block.Reset()
		err := p.sources[name].Read(&p.block, p.now)
		if err != nil && !errors.Is(err, io.EOF) {
			p.t.Fatal(err)
		}
		for _, l := range p.block.Lines {
			l.Text = slices.Clone(l.Text)
			p.lines = append(p.lines, l)
		}
		if err != nil || p.sources[name].Wake().After(p.now) {
			return
		}
	}
	p.t.Fatal("reading does not come to an end")
}

// want reads for some seconds and compares the lines since the last want.
func (p *packs) want(seconds int, lines string) {
	p.t.Helper()
	p.read(seconds)
	var got []string
	for _, l := range p.lines {
		got = append(got, string(l.Text))
	}
	if text := strings.Join(got, " "); text != lines {
		p.t.Errorf("lines are %.300q, want %.300q", text, lines)
	}
	p.lines = nil
}

func (p *packs) settled(seconds int) {
	p.t.Helper()
	p.read(seconds)
	settle(p.lines)
	p.lines = nil
}

func (p *packs) wantSaid(lost, damaged string) {
	p.t.Helper()
	if got := strings.Join(p.lost, ", "); got != lost {
		p.t.Errorf("lost: %q, want %q", got, lost)
	}
	if got := strings.Join(p.damaged, ", "); got != damaged {
		p.t.Errorf("damaged: %q, want %q", got, damaged)
	}
}

func TestCompressedFilesAreUnpacked(t *testing.T) {
	for _, format := range []string{"gz", "z", "bz2", "zst"} {
		t.Run(format, func(t *testing.T) {
			p := newPacks(t, format)
			p.write("a.log", pack(t, format, "one\ntwo\n\nlast")) // the name tells nothing
			p.open("a.log")
			p.want(1, "one two ")
			p.want(6, "last") // it does not go on
			p.wantSaid("", "")
			if read, lag := p.sources["a.log"].Stats(); read != 13 || lag != 0 {
				t.Errorf("%d bytes read and %d not, want 13 and 0", read, lag)
			}
		})
	}
}

func TestSeveralMembers(t *testing.T) {
	for _, format := range []string{"gz", "bz2", "zst"} {
		p := newPacks(t, format)
		p.write("a", pack(t, format, "one\ntw")+pack(t, format, "o\nthree\n"))
		p.open("a")
		p.want(1, "one two three")
		p.append("a", pack(t, format, "four\n")) // it grows
		p.want(3, "four")
		p.append("a", pack(t, format, "five\n"))
		p.want(3, "five")
		p.wantSaid("", "")
	}
}

// A restart goes on where it was settled, in the middle of a large content too.
func TestCompressedFilesGoOnBehindARestart(t *testing.T) {
	for _, format := range []string{"gz", "z", "bz2", "zst"} {
		t.Run(format, func(t *testing.T) {
			p := newPacks(t, format)
			var text strings.Builder
			for i := range 200_000 {
				fmt.Fprintf(&text, "line %d\n", i)
			}
			p.write("a", pack(t, format, text.String()))
			p.open("a")
			p.block.Reset()
			for len(p.lines) < 150_000 {
				p.block.Reset()
				must(t, p.sources["a"].Read(&p.block, p.now))
				for _, l := range p.block.Lines {
					l.Text = slices.Clone(l.Text)
					p.lines = append(p.lines, l)
				}
			}
			settle(p.lines[:100_000])
			p.lines = nil
			p.kill("a")
			p.read(2)
			if n := len(p.lines); n != 100_000 || string(p.lines[0].Text) != "line 100000" || string(p.lines[n-1].Text) != "line 199999" {
				t.Errorf("%d lines, the first %q", n, p.lines[0].Text)
			}
			settle(p.lines)
			p.lines = nil
			p.kill("a")
			p.want(7, "")
			p.wantSaid("", "")
		})
	}
}

func TestTruncatedFileIsReadAsFarAsItGoes(t *testing.T) {
	for _, format := range []string{"gz", "z", "bz2", "zst"} {
		t.Run(format, func(t *testing.T) {
			p := newPacks(t, format)
			r := rand.New(rand.NewPCG(1, 2))
			var text strings.Builder
			for i := range 150_000 {
				fmt.Fprintf(&text, "%d %x\n", i, r.Uint32())
			}
			whole := pack(t, format, text.String())
			p.write("a", whole[:len(whole)/2])
			p.write("b", pack(t, format, "good\n"))
			p.open("a", "b")
			p.read(1)
			n := len(p.lines)
			if n < 10_000 || string(p.lines[n-1].Text) != "good" {
				t.Fatalf("%d lines of the half", n)
			}
			p.read(10)
			p.read(60)
			if len(p.damaged) != 1 || !strings.HasPrefix(p.damaged[0], "a: ") {
				t.Errorf("damaged: %q", p.damaged)
			}
			p.append("a", whole[len(whole)/2:]) // it goes on when it changes
			p.read(20)
			var got strings.Builder
			count := 0
			for _, l := range p.lines {
				if string(l.Text) != "good" {
					got.Write(l.Text)
					count++
				}
			}
			if want := strings.ReplaceAll(text.String(), "\n", ""); got.String() != want || count > 150_001 {
				t.Errorf("%d lines, %d bytes of %d", count, got.Len(), len(want))
			}
			if len(p.damaged) != 1 || len(p.lost) > 0 {
				t.Errorf("damaged %q, lost %q", p.damaged, p.lost)
			}
		})
	}
}

func TestWhatIsNotCompressedIsNamed(t *testing.T) {
	for _, format := range []string{"gz", "z", "bz2", "zst"} {
		p := newPacks(t, format)
		p.write("a", strings.Repeat("plain text\n", 1000))
		p.write("empty", "")
		p.open("a", "empty")
		p.want(20, "")
		if len(p.damaged) != 1 {
			t.Errorf("%s: damaged: %q", format, p.damaged)
		}
		p.write("a", pack(t, format, "good\n"))
		p.append("empty", pack(t, format, "late\n"))
		p.want(3, "good late")
	}
}

func TestReplacedFiles(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", "one\ntwo\n"))
	p.open("a")
	p.want(1, "one two")
	p.write("a", pack(t, "gz", "three\nfour, and longer than before\n"))
	p.want(1, "three four, and longer than before")
	p.overwrite("a", pack(t, "gz", "five, in the same file and longer than that before\n"))
	p.want(2, "five, in the same file and longer than that before")
	p.overwrite("a", pack(t, "gz", "six\n"))
	p.want(7, "six")
	p.wantSaid("", "")
}

// The file that loses its name is read to its end first.
func TestAReplacedFileIsReadToItsEnd(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", strings.Repeat("old\n", 20_000)))
	p.open("a")
	must(t, p.sources["a"].Read(&p.block, p.now))
	p.write("a", pack(t, "gz", "new\n"))
	p.now = p.now.Add(time.Second)
	p.sources["a"].Follow(p.now)
	p.write("a", pack(t, "gz", "newer\n"))
	p.now = p.now.Add(time.Second)
	p.sources["a"].Follow(p.now)
	if risk := p.sources["a"].Risk(); risk != pipeline.Unlinked {
		t.Errorf("the risk is %v", risk)
	}
	n := len(p.block.Lines)
	p.read(8)
	texts := map[string]int{"old": n}
	for _, l := range p.lines {
		texts[string(l.Text)]++
	}
	if fmt.Sprint(texts) != "map[new:1 newer:1 old:20000]" {
		t.Errorf("got %v", texts)
	}
	p.wantSaid("", "")
}

// logrotate renames all of them with each rotation.
func TestRenamedFilesAreNotReadAgain(t *testing.T) {
	names := []string{"a.1.gz", "a.2.gz", "a.3.gz", "a.4.gz"}
	shift := func(p *packs, content string) {
		for i := len(names) - 1; i > 0; i-- {
			os.Rename(p.path(names[i-1]), p.path(names[i]))
		}
		p.write(names[0], pack(p.t, "gz", content))
	}
	t.Run("while running", func(t *testing.T) {
		p := newPacks(t, "gz")
		p.write(names[0], pack(t, "gz", "one\n"))
		p.write(names[1], pack(t, "gz", "zero\n"))
		p.open(names[:2]...)
		p.read(1)
		settle(p.lines)
		p.want(0, "one zero")
		for i := range 6 {
			shift(p, fmt.Sprint("next ", i, "\n"))
			if n := i + 3; n <= len(names) {
				p.open(names[n-1])
			}
			p.read(8)
			settle(p.lines)
			p.want(0, fmt.Sprint("next ", i))
		}
		p.wantSaid("", "")
		if n := len(p.sources[names[3]].files); n != 1 {
			t.Errorf("%d files are known by one source", n)
		}
	})
	t.Run("while down", func(t *testing.T) {
		p := newPacks(t, "gz")
		p.write(names[0], pack(t, "gz", "one\ntwo\n"))
		p.open(names[0])
		p.read(1)
		settle(p.lines[:1])
		p.lines = nil
		shift(p, "three\n")
		shift(p, "four\n")
		p.kill(names[0], names[1], names[2])
		p.want(2, "four three two")
		if left := p.opts.Shelf.Left(); len(left) > 0 {
			t.Errorf("left: %+v", left)
		}
	})
	t.Run("and killed between", func(t *testing.T) {
		p := newPacks(t, "gz")
		p.write(names[0], pack(t, "gz", "one\n"))
		p.open(names[0])
		p.settled(1)
		shift(p, "two\n")
		p.settled(10) // nobody follows the second name yet
		p.kill(names[0], names[1])
		p.want(2, "")
	})
}

func TestInitialDelay(t *testing.T) {
	p := newPacks(t, "gz")
	p.opts.InitialDelay = 10 * time.Second
	p.write("a", pack(t, "gz", "one\n"))
	p.open("a")
	p.want(9, "")
	p.want(2, "one")
}

func TestOldCompressedFilesAreLeftOut(t *testing.T) {
	for _, set := range []func(*Options){
		func(o *Options) { o.IgnoreOlder = time.Hour },
		func(o *Options) { o.StartAtEnd = true },
	} {
		p := newPacks(t, "gz")
		set(&p.opts.Options)
		p.write("a", pack(t, "gz", strings.Repeat("old\n", 3_000_000)+"half"))
		must(t, os.Chtimes(p.path("a"), p.now, p.now.Add(-2*time.Hour)))
		p.open("a")
		must(t, p.sources["a"].Read(&p.block, p.now))
		p.kill("a") // in the middle of it
		p.want(7, "")
		p.opts.StartAtEnd = false
		p.append("a", pack(t, "gz", " new\n"))
		p.want(3, " new")
		p.write("a", pack(t, "gz", "other\n"))
		p.want(3, "other")
		p.kill("a")
		p.wantSaid("", "")
	}
}

func TestCompressedFilesInAnEncoding(t *testing.T) {
	p := newPacks(t, "zst")
	c, err := FindCharset("UTF-16")
	must(t, err)
	p.opts.Charset = c
	text := encode(t, "UTF-16LE", "one漢\ntwoĊ\nthree\n")
	p.write("a", pack(t, "zst", "\xff\xfe"+text))
	p.open("a")
	p.read(1)
	settle(p.lines[:1])
	p.want(0, "one漢 twoĊ three")
	p.kill("a")
	p.want(1, "twoĊ three")
}

// A few kilobytes become gigabytes: they are passed on or over as they come.
func TestBombsTakeNoMemory(t *testing.T) {
	p := newPacks(t, "gz")
	p.opts.MaxLine = 1 << 20
	zeros, letters := strings.Repeat("\x00", 1<<20), strings.Repeat("x", 1<<20)
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	for range 100 {
		io.WriteString(w, zeros)
	}
	for range 100 {
		io.WriteString(w, letters)
	}
	io.WriteString(w, "\nend\n")
	must(t, w.Close())
	p.write("a", b.String())
	p.open("a")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	count, last := 0, ""
	for range 2000 {
		p.block.Reset()
		must(t, p.sources["a"].Read(&p.block, p.now))
		for _, l := range p.block.Lines {
			count, last = count+1, string(l.Text[:min(3, len(l.Text))])
		}
	}
	runtime.ReadMemStats(&after)
	if count < 100 || count > 103 || last != "end" {
		t.Errorf("%d lines, the last one %q", count, last)
	}
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 64<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

func TestNoMoreThanEightAreUnpackedAtATime(t *testing.T) {
	p := newPacks(t, "gz")
	var names []string
	for i := range 20 {
		name := fmt.Sprint("f", i)
		names = append(names, name)
		p.write(name, pack(t, "gz", strings.Repeat("line\n", 30_000)))
	}
	p.open(names...)
	for _, name := range names {
		p.block.Reset()
		must(t, p.sources[name].Read(&p.block, p.now))
	}
	if n := p.opts.Shelf.busy.Load(); n != maxUnpackers {
		t.Errorf("%d are unpacked at a time", n)
	}
	p.read(3)
	if n := p.opts.Shelf.busy.Load(); n != 0 {
		t.Errorf("%d are unpacked at the end", n)
	}
	if want := 20 * 30_000; len(p.lines) != want-8*maxLines {
		t.Errorf("%d lines, want %d", len(p.lines), want-8*maxLines)
	}
}

func TestACompressedFileThatIsRemovedEndsTheSource(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", "one\n"))
	p.open("a")
	p.settled(1)
	must(t, os.Remove(p.path("a")))
	p.read(5)
	p.now = p.now.Add(2 * time.Minute)
	p.block.Reset()
	for range 3 {
		if err := p.sources["a"].Read(&p.block, p.now); errors.Is(err, io.EOF) {
			return
		}
		p.now = p.now.Add(time.Second)
	}
	t.Error("the source does not end")
}

// Promtail counts lines where this package counts bytes.
func TestLinesOfPromtailAndBack(t *testing.T) {
	text := "one\n\nthree\n" + strings.Repeat("x", 3*blockLen) + "\nlast"
	for _, format := range []string{"gz", "z", "bz2", "zst"} {
		p := newPacks(t, format)
		p.write("a", pack(t, format, text))
		offsets := []int64{0, 4, 5, 11, int64(len(text) - 4), int64(len(text))}
		for lines, want := range offsets {
			place, err := PackedAfter(p.path("a"), format, int64(lines))
			if err != nil || place.Offset != want {
				t.Errorf("%s: %d lines are %d bytes, want %d: %v", format, lines, place.Offset, want, err)
			}
			if back, ok := PackedLines(place); !ok || back != int64(lines) {
				t.Errorf("%s: %d bytes are %d lines, want %d", format, place.Offset, back, lines)
			}
		}
		if _, err := PackedAfter(p.path("a"), format, 6); !errors.Is(err, ErrShort) {
			t.Errorf("%s: 6 lines: %v", format, err)
		}
		place, err := PackedAfter(p.path("a"), format, 3)
		must(t, err)
		p.saved["a"] = []pipeline.Place{place}
		p.open("a")
		p.read(6)
		if len(p.lines) != 2 || string(p.lines[1].Text) != "last" {
			t.Errorf("%s: %d lines behind the third", format, len(p.lines))
		}
		p.write("a", pack(t, format, "other\n"))
		if _, ok := PackedLines(place); ok {
			t.Errorf("%s: another file was taken for the one that was read", format)
		}
	}
}

// Whatever is in a file, what comes of it is bounded, and the same in any steps.
func FuzzPass(f *testing.F) {
	formats := []string{"gz", "z", "bz2", "zst"}
	for i, format := range formats {
		f.Add([]byte(pack(f, format, "one\ntwo\nthree")), uint8(i))
	}
	f.Fuzz(func(t *testing.T, packed []byte, which uint8) {
		format := formats[int(which)%len(formats)]
		read := func(step int) (content []byte, end error) {
			p := newPass(format, bytes.NewReader(packed))
			defer p.finish()
			for len(content) < 1<<16 {
				data, err := p.at(int64(len(content)), step)
				if err != nil {
					t.Fatal(err)
				}
				content = append(content, data...)
				if len(data) < step {
					return content, p.end
				}
			}
			return content[:1<<16], nil
		}
		whole, end := read(1 << 16)
		steps, endOfSteps := read(100)
		if !bytes.Equal(whole, steps) || len(whole) < 1<<16 && fmt.Sprint(end) != fmt.Sprint(endOfSteps) {
			t.Fatalf("%s: %d bytes (%v) at once, %d (%v) in steps", format, len(whole), end, len(steps), endOfSteps)
		}
	})
}

func TestAFileWithTheSameBeginningIsNotTheSame(t *testing.T) {
	p := newPacks(t, "gz")
	beginning := strings.Repeat("the same line\n", 200)
	p.write("a", pack(t, "gz", beginning+"one\n"))
	p.open("a")
	p.settled(1)
	p.overwrite("a", pack(t, "gz", beginning+"other\nand more\n"))
	p.read(2)
	if n := len(p.lines); n != 202 || string(p.lines[n-2].Text) != "other" {
		t.Errorf("%d lines came of the new content, want 202", n)
	}
}

func TestWhatWasNotReadOfAnOverwrittenFileIsNamed(t *testing.T) {
	p := newPacks(t, "gz")
	var text strings.Builder
	r := rand.New(rand.NewPCG(3, 4))
	for range 300_000 {
		fmt.Fprintf(&text, "%x\n", r.Uint64())
	}
	p.write("a", pack(t, "gz", text.String()))
	p.open("a")
	must(t, p.sources["a"].Read(&p.block, p.now))
	p.overwrite("a", pack(t, "gz", "new\n"))
	p.read(20)
	if n := len(p.lines); n == 0 || string(p.lines[n-1].Text) != "new" {
		t.Errorf("%d lines came", n)
	}
	if len(p.lost) != 1 || !strings.Contains(p.lost[0], "replaced") {
		t.Errorf("lost: %q", p.lost)
	}
}

// What was added to a file before it got a name that nobody follows is read.
func TestARenamedFileIsReadToItsEndFirst(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", "one\n"))
	p.open("a")
	p.settled(10)
	p.append("a", pack(t, "gz", "two\n"))
	must(t, os.Rename(p.path("a"), p.path("elsewhere")))
	p.write("a", pack(t, "gz", "three\n"))
	p.want(70, "two three")
}

// A file that was given away is not read by two sources.
func TestAFileThatGrowsWhileItIsOfferedIsReadOnce(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", "one\n"))
	p.open("a")
	p.settled(10)
	must(t, os.Rename(p.path("a"), p.path("b")))
	p.write("a", pack(t, "gz", "two\n"))
	p.settled(10)
	p.append("b", pack(t, "gz", "three\n"))
	p.read(2)
	p.open("b")
	p.want(5, "three")
}

func TestAFileHasItsNameAgain(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", "one\n"))
	p.open("a")
	p.settled(10)
	must(t, os.Rename(p.path("a"), p.path("b")))
	p.settled(10)
	must(t, os.Rename(p.path("b"), p.path("a")))
	p.append("a", pack(t, "gz", "two\n"))
	p.want(5, "two")
}

// Unpacking from the beginning again and again would take all the time there is.
func TestALargeFileThatGrowsIsNotUnpackedAllTheTime(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", strings.Repeat("\x00", 60<<20)+"one\n"))
	p.open("a")
	p.want(1, "one")
	p.append("a", pack(t, "gz", "two\n"))
	p.want(1, "")
	p.want(3, "two")
}

func TestAFileWithTheSameEndIsNotTheSame(t *testing.T) {
	p := newPacks(t, "gz")
	end := strings.Repeat("the same line\n", 200)
	p.write("a", pack(t, "gz", "one\n"+end))
	p.open("a")
	p.settled(1)
	p.overwrite("a", pack(t, "gz", "two\n"+end+"more\n"))
	p.read(2)
	if n := len(p.lines); n != 202 || string(p.lines[0].Text) != "two" {
		t.Errorf("%d lines came of the new content, want 202", n)
	}
}

// A source that is opened once more, as by a reload, finds its own place, not one
// that another name left of the file.
func TestASourceThatIsOpenedAgainGoesOn(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", "one\ntwo\n"))
	p.open("a")
	p.read(1)
	settle(p.lines[:1])
	p.lines = nil
	must(t, os.Rename(p.path("a"), p.path("b")))
	p.write("a", pack(t, "gz", "three\n"))
	p.kill("b", "a")
	p.read(1)
	settle(p.lines)
	p.want(0, "three two")
	p.saved["b"] = p.sources["b"].Places()
	must(t, p.sources["b"].Close())
	p.open("b")
	p.want(2, "")
}

// A source that ends leaves its files to those that wait for them.
func TestAFileOfASourceThatEndsGoesOn(t *testing.T) {
	p := newPacks(t, "gz")
	p.write("a", pack(t, "gz", "one\ntwo\n"))
	p.open("a")
	p.read(1)
	settle(p.lines[:1])
	p.lines = nil
	must(t, os.Rename(p.path("a"), p.path("b")))
	p.write("a", pack(t, "gz", "three\n"))
	p.open("b")
	p.want(1, "three")
	must(t, p.sources["a"].Close())
	delete(p.sources, "a")
	p.want(1, "two")
}
