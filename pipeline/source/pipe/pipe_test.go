package pipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// fifo makes a named pipe and returns its path.
func fifo(t testing.TB, path string) string {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs s until the test ends or stop is called.
func start(t testing.TB, s *Source) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// wait waits for what other goroutines and processes do.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// reader collects the lines of a source.
type reader struct {
	s     *Source
	block pipeline.Block
	texts []string
	spans []pipeline.Range
	err   error
}

func (r *reader) read() int {
	r.block.Reset()
	r.err = r.s.Read(&r.block, time.Now())
	for _, l := range r.block.Lines {
		r.texts = append(r.texts, string(l.Text))
		r.spans = append(r.spans, l.Range)
	}
	return len(r.block.Lines)
}

// want waits for as many lines as there are in want and compares them.
func (r *reader) want(t testing.TB, want ...string) {
	t.Helper()
	wait(t, fmt.Sprintf("%d lines", len(want)), func() bool { r.read(); return len(r.texts) >= len(want) })
	if got := strings.Join(r.texts, "|"); got != strings.Join(want, "|") {
		t.Fatalf("got %q, want %q", got, want)
	}
	r.texts = nil
}

func write(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func fast() Options { return Options{Poll: time.Millisecond} }

func TestLinesOfSeveralWriters(t *testing.T) {
	path := fifo(t, filepath.Join(t.TempDir(), "p"))
	s := New(path, fast())
	start(t, s)
	r := &reader{s: s}
	write(t, path, "one\n\ntwo\r\n")
	r.want(t, "one", "", "two\r")
	write(t, path, "th")
	write(t, path, "ree\nfour\n") // the pipe does not end with its writer
	r.want(t, "three", "four")

	end := int64(0)
	for _, span := range r.spans {
		if span.Start != end {
			t.Errorf("a line is at %v, want it to begin at %d", span, end)
		}
		end = span.End
	}
	if n := s.Unsettled(); n != end || n != int64(len("one\n\ntwo\r\nthree\nfour\n")) {
		t.Errorf("%d bytes are unsettled, lines end at %d", n, end)
	}
	if places := s.Places(); len(places) > 0 {
		t.Errorf("places: %v", places)
	}
}

func TestRunEndsAlthoughAWriterIsSilent(t *testing.T) {
	path := fifo(t, filepath.Join(t.TempDir(), "p"))
	before := runtime.NumGoroutine()
	s := New(path, fast())
	stop := start(t, s)
	w, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString("one\nhalf"); err != nil {
		t.Fatal(err)
	}
	r := &reader{s: s}
	r.want(t, "one")
	stop()
	wait(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
	wait(t, "the end", func() bool { r.read(); return r.err == io.EOF })
}

func TestRunEndsWithoutAnyWriter(t *testing.T) {
	s := New(fifo(t, filepath.Join(t.TempDir(), "p")), fast())
	stop := start(t, s)
	stop()
	r := &reader{s: s}
	if r.read(); r.err != io.EOF {
		t.Errorf("got %v", r.err)
	}
}

func TestAFullBufferMakesTheWriterWait(t *testing.T) {
	path := fifo(t, filepath.Join(t.TempDir(), "p"))
	opts := fast()
	opts.Buffer = 1000
	s := New(path, opts)
	stop := start(t, s)
	line := strings.Repeat("x", 99)
	const lines = 5000 // 500 kB, more than all buffers on the way
	written := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(strings.Repeat(line+"\n", lines))
			f.Close()
		}
		written <- err
	}()
	wait(t, "a full queue", func() bool { s.queue.mu.Lock(); defer s.queue.mu.Unlock(); return len(s.queue.data) == 1000 })
	select {
	case <-written:
		t.Fatal("the writer did not wait")
	default:
	}
	r := &reader{s: s}
	wait(t, "all lines", func() bool {
		if n := r.read(); n > 10 {
			t.Fatalf("%d lines were read ahead", n)
		}
		return len(r.texts) == lines
	})
	if err := <-written; err != nil {
		t.Error(err)
	}
	for i, text := range r.texts {
		if text != line {
			t.Fatalf("line %d is %q", i, text)
		}
	}
	stop()
}

func TestRunEndsWhileTheBufferIsFull(t *testing.T) {
	path := fifo(t, filepath.Join(t.TempDir(), "p"))
	opts := fast()
	opts.Buffer = 10
	s := New(path, opts)
	stop := start(t, s)
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := f.Write(bytes.Repeat([]byte("123456789\n"), 100000)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the writer did not wait: %v", err)
	}
	stop()
}

func TestLongLinesAreCut(t *testing.T) {
	path := fifo(t, filepath.Join(t.TempDir(), "p"))
	opts := fast()
	opts.MaxLine = 1000
	s := New(path, opts)
	start(t, s)
	r := &reader{s: s}
	write(t, path, strings.Repeat("a", 1000)+"\n"+strings.Repeat("b", 2500)+"\nshort\n")
	r.want(t, strings.Repeat("a", 1000), strings.Repeat("b", 1000), strings.Repeat("b", 1000), strings.Repeat("b", 500), "short")
	write(t, path, strings.Repeat("c", 1500)) // its end does not have to come
	r.want(t, strings.Repeat("c", 1000))
}

func TestPipeThatIsRemovedEndsTheSource(t *testing.T) {
	path := fifo(t, filepath.Join(t.TempDir(), "p"))
	s := New(path, fast())
	start(t, s)
	write(t, path, "one\nlast")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r := &reader{s: s}
	wait(t, "the end", func() bool { r.read(); return r.err == io.EOF })
	if got := strings.Join(r.texts, "|"); got != "one|last" {
		t.Errorf("got %q", got)
	}
}

// The wait for data is over before it begins here, as on a busy machine.
func TestWhatIsInAPipeThatIsRemovedIsReadFirst(t *testing.T) {
	path := fifo(t, filepath.Join(t.TempDir(), "p"))
	s := New(path, Options{Poll: 1})
	in, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	write(t, path, "last")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := s.read(t.Context(), in, buf); string(buf[:n]) != "last" || err != nil {
		t.Errorf("got %q, %v, want last", buf[:n], err)
	}
	if n, err := s.read(t.Context(), in, buf); n != 0 || !errors.Is(err, errGone) {
		t.Errorf("then: got %d bytes, %v, want %v", n, err, errGone)
	}
}

func TestPipeThatIsReplacedIsFollowed(t *testing.T) {
	dir := t.TempDir()
	path := fifo(t, filepath.Join(dir, "p"))
	s := New(path, fast())
	start(t, s)
	r := &reader{s: s}
	write(t, path, "one\n")
	r.want(t, "one")
	if err := os.Rename(fifo(t, filepath.Join(dir, "new")), path); err != nil {
		t.Fatal(err)
	}
	write(t, path, "two\n")
	r.want(t, "two")
}

func TestMissingPipeIsTheEnd(t *testing.T) {
	s := New(filepath.Join(t.TempDir(), "p"), fast())
	start(t, s)
	r := &reader{s: s}
	wait(t, "the end", func() bool { r.read(); return r.err == io.EOF })
}

func TestRegularFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := New(path, fast())
	start(t, s)
	r := &reader{s: s}
	wait(t, "an error", func() bool { r.read(); return r.err != nil })
	if !strings.Contains(r.err.Error(), path) || !strings.Contains(r.err.Error(), "no named pipe") {
		t.Error(r.err)
	}
}

// terminal opens a pseudo terminal: what is written to it is read from the
// device at path.
func terminal(t *testing.T) (master *os.File, path string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	var unlock, number int32
	for request, arg := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
			t.Fatal(errno)
		}
	}
	return master, "/dev/pts/" + strconv.Itoa(int(number))
}

func TestCharacterDevice(t *testing.T) {
	master, path := terminal(t)
	s := New(path, fast())
	stop := start(t, s)
	r := &reader{s: s}
	for _, text := range []string{"one", "two"} {
		if _, err := master.WriteString(text + "\n"); err != nil {
			t.Fatal(err)
		}
		r.want(t, text)
	}
	stop() // the device is silent, and not closed
}

func TestDeviceWithoutEndIsBounded(t *testing.T) {
	opts := fast()
	opts.MaxLine, opts.Buffer = 1000, 10000
	s := New("/dev/zero", opts)
	stop := start(t, s)
	r := &reader{s: s}
	wait(t, "lines", func() bool {
		r.texts = nil
		n := r.read()
		return n > 5 && n < 12 && len(r.texts[0]) == 1000
	})
	stop()
}

// A user who may only read a pipe cannot keep it open for its writers.
func TestPipeThatMayOnlyBeRead(t *testing.T) {
	if path := os.Getenv("PIPE_TEST_PATH"); path != "" {
		readAsOther(path)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	dir, err := os.MkdirTemp("", "pipe")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	closed, path := fifo(t, filepath.Join(dir, "closed")), fifo(t, filepath.Join(dir, "p"))
	if err := os.Chmod(closed, 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "test")
	if content, err := os.ReadFile("/proc/self/exe"); err != nil || os.WriteFile(binary, content, 0o755) != nil {
		t.Fatal("copy the test binary", err)
	}
	child := func(path string) *exec.Cmd {
		cmd := exec.Command(binary, "-test.run=^TestPipeThatMayOnlyBeRead$")
		cmd.Env, cmd.Dir = []string{"PIPE_TEST_PATH=" + path}, dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return cmd
	}

	out, err := child(closed).CombinedOutput()
	if want := "sudo setfacl -m u:"; err != nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), closed) {
		t.Errorf("got %s, %v, want an error with %q", out, err, want)
	}

	cmd := child(path)
	var said bytes.Buffer
	cmd.Stdout = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one\n", "two\nlast\n"} {
		write(t, path, text) // waits for the child, and leaves again
	}
	if err := cmd.Wait(); err != nil || !strings.HasPrefix(said.String(), "one|two|last\n") {
		t.Errorf("the child read %q, %v", said.String(), err)
	}
}

// readAsOther prints the lines until one is "last", or the first error.
func readAsOther(path string) {
	s := New(path, fast())
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(ctx) })
	r := &reader{s: s}
	for r.err == nil && (len(r.texts) == 0 || r.texts[len(r.texts)-1] != "last") {
		r.read()
		runtime.Gosched()
	}
	cancel()
	wg.Wait()
	fmt.Println(strings.Join(r.texts, "|"))
	if r.err != nil {
		fmt.Println(r.err)
	}
}

// FuzzBounded: lines are no longer than they may be, and nothing but newlines
// is added, wherever the input is divided.
func FuzzBounded(f *testing.F) {
	f.Add([]byte("one\ntwo\n\n"), uint8(3), uint8(2))
	f.Add([]byte("12345678\n"), uint8(0), uint8(8))
	f.Fuzz(func(t *testing.T, data []byte, divide, limit uint8) {
		most := int(limit) + 1
		first := data[:min(int(divide), len(data))]
		out, column := appendBounded(nil, first, 0, most)
		out, column = appendBounded(out, data[len(first):], column, most)
		for _, line := range bytes.Split(out, []byte("\n")) {
			if len(line) > most {
				t.Fatalf("%q is longer than %d", line, most)
			}
		}
		if got := len(out) - bytes.LastIndexByte(out, '\n') - 1; got != column {
			t.Fatalf("column %d, want %d", column, got)
		}
		var want []byte
		for i, line := range bytes.Split(data, []byte("\n")) {
			if i > 0 {
				want = append(want, '\n')
			}
			for len(line) > most {
				want = append(append(want, line[:most]...), '\n')
				line = line[most:]
			}
			want = append(want, line...)
		}
		if !bytes.Equal(out, want) {
			t.Fatalf("got %q, want %q", out, want)
		}
	})
}

// What was taken from the pipe is there after the end of Run, although the queue
// was full.
func TestAStopKeepsWhatWasTaken(t *testing.T) {
	path := fifo(t, filepath.Join(t.TempDir(), "pipe"))
	s := New(path, Options{Buffer: 100})
	stop := start(t, s)
	w, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprintf("line %d", i))
	}
	if _, err := w.WriteString(strings.Join(want, "\n") + "\n"); err != nil {
		t.Fatal(err)
	}
	wait(t, "an empty pipe", func() bool { return inPipe(t, w) == 0 })
	stop()
	r := &reader{s: s}
	r.want(t, want...)
}

// inPipe returns how many bytes nobody has read yet.
func inPipe(t testing.TB, f *os.File) int {
	t.Helper()
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCINQ)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
