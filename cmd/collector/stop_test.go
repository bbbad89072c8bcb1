package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/position"
)

// stopBound is how long a stop may take whatever Loki does.
const stopBound = 5 * time.Second

// A Loki that takes connections and never answers is stopped from in the middle
// of its requests. What a file gave is read again, what a pipe gave is on disk.
func TestAStopIsPromptAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	var asked atomic.Int32
	dumb := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // so that the end of the connection is noticed
		asked.Add(1)
		<-r.Context().Done()
	}))
	t.Cleanup(dumb.Close)
	write(t, filepath.Join(dir, "app.log"), "of a file\n")
	pipe := filepath.Join(dir, "pipe.log")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	config := func(url string) string {
		return write(t, filepath.Join(dir, "collector.yaml"), fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{name: loki, url: %s, batchwait: 10ms, timeout: 1m}]
positions: {filename: %s/state/positions.yaml, sync_period: 50ms}
target_config: {sync_period: 50ms}
scrape_configs: [{job_name: files, static_configs: [{labels: {__path__: '%s/*.log'}}]}]`, url, dir, dir))
	}
	begin := func(url string) (*log, func(bound time.Duration)) {
		ctx, cancel := context.WithCancel(context.Background())
		out, status := &log{}, make(chan int, 1)
		go func() { status <- run(ctx, []string{"-config.file=" + config(url)}, out, out) }()
		return out, func(bound time.Duration) {
			t.Helper()
			cancel()
			select {
			case got := <-status:
				if got != 0 {
					t.Errorf("the program ended with %d:\n%s", got, out)
				}
			case <-time.After(bound):
				t.Fatalf("the program runs on %v after its stop:\n%s", bound, out)
			}
		}
	}

	out, stop := begin(dumb.URL)
	w, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString("of a pipe\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, out, "requests for both", func() bool { return asked.Load() >= 2 })
	stop(stopBound)
	if segments, _ := filepath.Glob(filepath.Join(dir, "state/positions.yaml.spool/loki/*.seg")); len(segments) == 0 {
		t.Errorf("the pipe's line is not on disk:\n%s", out)
	}

	loki := newSink(t, "")
	out, stop = begin(loki.URL)
	eventually(t, out, "both lines", func() bool { return loki.has("of a file") && loki.has("of a pipe") })
	stop(stopBound)
}

// A program writes to a pipe while the collector stops. Each of its lines is
// delivered, or still in the pipe.
func TestAStopLosesNothingOfAPipeThatIsWrittenTo(t *testing.T) {
	dir := t.TempDir()
	loki := newSink(t, "")
	pipe := filepath.Join(dir, "pipe.log")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(pipe, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	config := write(t, filepath.Join(dir, "collector.yaml"), fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{name: loki, url: %s, batchwait: 10ms}]
positions: {filename: %s/state/positions.yaml, sync_period: 50ms}
target_config: {sync_period: 50ms}
scrape_configs: [{job_name: pipes, static_configs: [{labels: {__path__: '%s/*.log'}}]}]`, loki.URL, dir, dir))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, status := &log{}, make(chan int, 1)
	go func() { status <- run(ctx, []string{"-config.file=" + config}, out, out) }()

	written, stopped := make(chan int, 1), make(chan struct{})
	go func() {
		n := 0
		defer func() { written <- n }()
		for tick := time.NewTicker(100 * time.Microsecond); ; {
			select {
			case <-stopped:
				return
			case <-tick.C:
				w.SetWriteDeadline(time.Now().Add(10 * time.Second))
				if _, err := fmt.Fprintf(w, "line %d\n", n); err != nil {
					return
				}
				n++
			}
		}
	}()
	eventually(t, out, "a line", func() bool { return loki.has("line 100") })
	cancel()
	if got := <-status; got != 0 {
		t.Fatalf("the program ended with %d:\n%s", got, out)
	}
	close(stopped)
	n := <-written
	rest := make([]byte, 1<<20)
	w.SetReadDeadline(time.Now().Add(time.Second))
	left, err := w.Read(rest)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // that is an empty pipe
		t.Fatal(err)
	}
	first := n
	fmt.Sscanf(string(rest[:left]), "line %d", &first)
	for i := range first {
		if !loki.has(fmt.Sprintf("line %d", i)) {
			t.Errorf("line %d of %d is neither delivered nor left in the pipe, which begins with line %d", i, n, first)
			break
		}
	}
}

// What was not read of a file is named at the next start, if nothing finds the
// file any more.
func TestAFileThatIsGoneWithItsNameIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(dir, "gone.log")
	store := position.Open(filepath.Join(dir, "state", "positions.yaml"))
	if err := store.Save(position.State{Sources: position.Places{"files " + gone: {{Path: gone, Offset: 10, Size: 52}}}}); err != nil {
		t.Fatal(err)
	}
	loki := newSink(t, "")
	write(t, filepath.Join(dir, "app.log"), "first\n")
	out := start(t, dir, "url: "+loki.URL, "")
	eventually(t, out, "the file that is gone", func() bool { return out.has(gone, "bytes=42") })
}
