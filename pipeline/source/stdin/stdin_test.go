package stdin

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// input is a source over a pipe that is run until the test ends.
type input struct {
	t     *testing.T
	w     *os.File
	s     *Source
	stop  func()
	block pipeline.Block
	texts []string
	end   int64
}

func newInput(t *testing.T, opts Options) *input {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	opts.Poll = time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	i := &input{t: t, w: w, s: New(r, opts)}
	done := make(chan struct{})
	go func() { i.s.Run(ctx); close(done) }()
	i.stop = func() { cancel(); <-done }
	t.Cleanup(func() { i.stop(); r.Close(); w.Close() })
	return i
}

func (i *input) write(text string) {
	i.t.Helper()
	if _, err := i.w.WriteString(text); err != nil {
		i.t.Fatal(err)
	}
}

// read reads once and returns what Read says.
func (i *input) read() error {
	i.t.Helper()
	i.block.Reset()
	err := i.s.Read(&i.block, time.Now())
	for _, l := range i.block.Lines {
		if l.Range.Start != i.end {
			i.t.Errorf("a line is at %v, want it to begin at %d", l.Range, i.end)
		}
		i.end = l.Range.End
		i.texts = append(i.texts, string(l.Text))
		l.Ledger.Settle(l.Range, pipeline.Mark{})
	}
	return err
}

// readAll reads to the end.
func (i *input) readAll() error {
	i.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if err := i.read(); err != nil {
			return err
		}
	}
	i.t.Fatal("the input does not end")
	return nil
}

func TestInputIsReadToItsEnd(t *testing.T) {
	i := newInput(t, Options{})
	i.write("one\r\n\n\r\ntwo\n")
	i.write("last\n\nwithout a newline\r")
	i.w.Close()
	if err := i.readAll(); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(i.texts, "|"); got != "one|two|last|without a newline" {
		t.Errorf("lines are %q", got)
	}
	if n := i.s.Unsettled(); n != 0 {
		t.Errorf("%d bytes are not settled", n)
	}
	if i.s.Risk() != pipeline.Fleeting || i.s.Places() != nil {
		t.Error("it can be read again")
	}
}

func TestEmptyInputEnds(t *testing.T) {
	i := newInput(t, Options{})
	i.write("\n\n")
	i.w.Close()
	if err := i.readAll(); err != io.EOF || len(i.texts) > 0 || i.s.Unsettled() != 0 {
		t.Errorf("got %v, %q, %d unsettled", err, i.texts, i.s.Unsettled())
	}
}

func TestLongLinesAreCutAndTheWriterWaits(t *testing.T) {
	i := newInput(t, Options{MaxLine: 1000})
	text := strings.Repeat("0123456789é", 50_000)
	go func() {
		i.w.WriteString(text + "\nend\n")
		i.w.Close()
	}()
	for deadline := time.Now().Add(20 * time.Second); i.s.hasRoom(); {
		if time.Now().After(deadline) {
			t.Fatal("the writer does not wait")
		}
	}
	if err := i.readAll(); err != io.EOF {
		t.Errorf("got %v", err)
	}
	n := len(i.texts)
	if strings.Join(i.texts[:n-1], "") != text || i.texts[n-1] != "end" {
		t.Errorf("%d pieces, the last %q", n, i.texts[n-1])
	}
	if most := cap(i.s.data); most > 256<<10 {
		t.Errorf("%d bytes are kept", most)
	}
}

func TestRunEndsWhileTheInputIsSilentAndWhenItIsFull(t *testing.T) {
	i := newInput(t, Options{MaxLine: 10})
	i.write(strings.Repeat("x", 30_000))
	i.stop()
	for len(i.s.data) > 0 {
		i.read()
	}
	if err := i.read(); err != io.EOF {
		t.Errorf("got %v", err)
	}
}

func TestAnErrorOfTheInputIsTold(t *testing.T) {
	dir, err := os.Open(t.TempDir()) // cannot be read
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	s := New(dir, Options{})
	s.Run(context.Background())
	var b pipeline.Block
	if err := s.Read(&b, time.Now()); err == nil || !strings.Contains(err.Error(), "standard input") {
		t.Errorf("got %v", err)
	}
	if err := s.Read(&b, time.Now()); err != io.EOF {
		t.Errorf("got %v behind it", err)
	}
}
