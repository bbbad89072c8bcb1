package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// TestRotationWhileReading reads what another goroutine writes and rotates, and
// a third one asks for places, all at their own speed.
func TestRotationWhileReading(t *testing.T) {
	for name, rotate := range map[string]func(*tail){
		"rename": func(tl *tail) {
			for i := 30; i > 0; i-- {
				os.Rename(tl.path(fmt.Sprint(".", i)), tl.path(fmt.Sprint(".", i+1)))
			}
			tl.rename("", ".1")
			tl.write("", "")
		},
		"copytruncate": func(tl *tail) {
			tl.copyTo(fmt.Sprintf("-20260102-%09d", time.Now().Nanosecond()))
			tl.truncate()
		},
	} {
		t.Run(name, func(t *testing.T) {
			tl := newTail(t)
			tl.opts.CheckName = time.Millisecond
			tl.write("", "")
			tl.open()
			const rotations, lines = 20, 100
			var writing, asking sync.WaitGroup
			stop := make(chan struct{})
			writing.Go(func() {
				for i := range rotations {
					var text bytes.Buffer
					for k := range lines {
						fmt.Fprintf(&text, "%d-%d, and some more\n", i, k)
						if k%10 == 9 {
							tl.write("", text.String())
							text.Reset()
						}
					}
					if i < rotations-1 {
						rotate(tl)
					}
				}
			})
			asking.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						tl.src.Places()
						tl.src.Unsettled()
						tl.src.Stats()
					}
				}
			})
			readAll(t, tl, rotations*lines, &writing)
			close(stop)
			asking.Wait()
			tl.wantLost()
		})
	}
}

// readAll reads until writing is over, and then to the end.
func readAll(t *testing.T, tl *tail, want int, writing *sync.WaitGroup) {
	over := make(chan struct{})
	go func() { writing.Wait(); close(over) }()
	for written := false; !written; {
		select {
		case <-over:
			written = true
		default:
		}
		tl.now = time.Now()
		if err := tl.read(); err != nil {
			t.Fatal(err)
		}
		settle(tl.lines[len(tl.lines)/2:])
	}
	tl.end()
	seen := map[string]int{}
	for _, l := range tl.lines {
		seen[string(l.Text)]++
	}
	if len(seen) != want || len(tl.lines) != want {
		t.Errorf("%d lines, %d different ones, want %d", len(tl.lines), len(seen), want)
	}
}

// An idle file costs one look at its name.
func TestIdleFilesCostOneSystemCall(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.settled()
	if n := testing.AllocsPerRun(100, func() {
		tl.pass(time.Second)
		tl.block.Reset()
		if err := tl.src.Read(&tl.block, tl.now); err != nil {
			t.Fatal(err)
		}
	}); n > 4 { // os.Stat
		t.Errorf("%v allocations for a look at an idle file", n)
	}
	// The handle is not asked: without it, nothing is missed.
	tl.src.gens[0].file.Close()
	tl.pass(time.Second)
	if err := tl.read(); err != nil {
		t.Errorf("an idle file is looked at by its handle: %v", err)
	}
}

func TestReadingDoesNotAllocateForALine(t *testing.T) {
	tl := newTail(t)
	const size = 8 << 20
	writeLines(t, tl.name, size)
	tl.open()
	read := func() {
		tl.block.Reset()
		if err := tl.src.Read(&tl.block, tl.now); err != nil || len(tl.block.Lines) < 1000 {
			t.Fatalf("%d lines, %v", len(tl.block.Lines), err)
		}
	}
	read()
	if n := testing.AllocsPerRun(20, read); n > 3 { // of a file's status
		t.Errorf("%v allocations for a block, want those of one fstat", n)
	}
}

// writeLines writes size bytes in lines of 200.
func writeLines(t testing.TB, path string, size int) {
	line := append(bytes.Repeat([]byte("0123456789"), 20)[:199], '\n')
	text := bytes.Repeat(line, 5000)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for written := 0; written < size && err == nil; written += len(text) {
		_, err = f.Write(text[:min(len(text), size-written)])
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkRead reads 256 MiB of lines of 200 bytes and settles them.
func BenchmarkRead(b *testing.B) {
	const size = 256 << 20
	name := filepath.Join(b.TempDir(), "app.log")
	writeLines(b, name, size)
	var block pipeline.Block
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(name, nil, Options{}, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		lines := 0
		for now := time.Now(); ; {
			block.Reset()
			if err := s.Read(&block, now); err != nil {
				b.Fatal(err)
			}
			n := len(block.Lines)
			if n == 0 {
				break
			}
			lines += n
			first, last := block.Lines[0].Range, block.Lines[n-1].Range
			block.Lines[0].Ledger.Settle(pipeline.Range{Start: first.Start, End: last.End}, pipeline.Mark{})
		}
		if want := size / 200; lines < want {
			b.Fatalf("%d lines, want %d", lines, want)
		}
		s.Close()
	}
}

// BenchmarkIdle looks at 1,000 files that do not change.
func BenchmarkIdle(b *testing.B) {
	dir := b.TempDir()
	now := time.Now()
	var sources []*Source
	for i := range 1000 {
		name := filepath.Join(dir, fmt.Sprint(i, ".log"))
		writeLines(b, name, 200)
		s, err := Open(name, nil, Options{IgnoreOlder: time.Nanosecond}, now.Add(time.Hour))
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		sources = append(sources, s)
	}
	var block pipeline.Block
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		for _, s := range sources {
			block.Reset()
			if err := s.Read(&block, now); err != nil || len(block.Lines) > 0 {
				b.Fatal(len(block.Lines), err)
			}
		}
	}
}
