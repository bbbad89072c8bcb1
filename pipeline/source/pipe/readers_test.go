package pipe_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nxadm/tail"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/source/file"
)

// BenchmarkReaders compares the two readers on a regular file: why nxadm/tail
// reads pipes alone. It counts processor time, of the kernel's too.
//
//	go test -run - -bench Readers -benchtime 5x ./pipeline/source/pipe
func BenchmarkReaders(b *testing.B) {
	const lines = 500_000
	path := filepath.Join(b.TempDir(), "app.log")
	var text strings.Builder
	for i := range lines {
		fmt.Fprintf(&text, "12:34:56 | INFO | request %d completed: GET /api/games/%d 200 in %d ms, user agent of an ordinary length here\n", i, i%1000, i%97)
	}
	size := int64(text.Len())
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func(testing.TB, string) int{"nxadm": readByTail, "block": readByBlock} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			before := processorTime(b)
			for b.Loop() {
				if n := read(b, path); n != lines {
					b.Fatalf("%d lines, want %d", n, lines)
				}
			}
			used := processorTime(b) - before
			b.ReportMetric(used.Seconds()/(float64(size)*float64(b.N)/1e9), "cpu-s/GB")
			b.ReportMetric(float64(used.Nanoseconds())/float64(lines*b.N), "cpu-ns/line")
		})
	}
}

func readByTail(tb testing.TB, path string) (lines int) {
	t, err := tail.TailFile(path, tail.Config{MustExist: true, Logger: tail.DiscardingLogger})
	if err != nil {
		tb.Fatal(err)
	}
	for range t.Lines {
		lines++
	}
	return lines
}

func readByBlock(tb testing.TB, path string) (lines int) {
	s, err := file.Open(path, nil, file.DefaultOptions(), time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	var block pipeline.Block
	for {
		block.Reset()
		if err := s.Read(&block, time.Now()); err != nil {
			tb.Fatal(err)
		}
		if len(block.Lines) == 0 {
			return lines
		}
		lines += len(block.Lines)
	}
}

// processorTime is what the process has used of user and system time.
func processorTime(tb testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
