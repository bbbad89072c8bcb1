package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// feed gives the program a standard input, which is what text holds.
func feed(t *testing.T, text string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = r
	t.Cleanup(func() { os.Stdin = before; r.Close() })
	go func() {
		w.WriteString(text)
		w.Close()
	}()
}

// runWith runs the program until it ends by itself.
func runWith(t *testing.T, args ...string) (status int, out *log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	out = &log{}
	status = run(ctx, args, out, out)
	if ctx.Err() != nil {
		t.Errorf("it does not end:\n%s", out)
	}
	return status, out
}

func inputConfig(t *testing.T, dir, url, jobs string) string {
	t.Helper()
	return write(t, filepath.Join(dir, "c.yaml"), fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{url: %q, batchwait: 10ms, backoff_config: {min_period: 10ms, max_period: 50ms}}]
positions: {filename: %s/positions.yaml}
%s`, url, dir, jobs))
}

func TestStandardInputIsShippedToItsEnd(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	write(t, filepath.Join(dir, "app.log"), "of a file\n")
	conf := inputConfig(t, dir, loki.URL, fmt.Sprintf(`
scrape_configs:
- job_name: first
  static_configs: [{labels: {app: x, __path__: '%s/*.log'}}, {labels: {env: y}}]
  pipeline_stages: [{replace: {expression: '(secret)', replace: '***'}}]
- job_name: second
  static_configs: [{labels: {__path__: '%s/*.log'}}]
`, dir, dir))
	var text strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	feed(t, text.String()+"\na secret\r\nlast")
	status, out := runWith(t, "-stdin", "-config.file="+conf)
	if status != 0 {
		t.Errorf("ended with %d:\n%s", status, out)
	}
	if n := len(loki.lines); n != 20_002 {
		t.Errorf("%d lines, want 20002", n)
	}
	for _, line := range []string{"line 0", "line 19999", "a ***", "last"} {
		if got := loki.got(line); !slices.Equal(got, []string{`{app="x", env="y"}`}) {
			t.Errorf("%s came in %v", line, got)
		}
	}
	if loki.has("of a file") || !out.has("others=1") {
		t.Errorf("a file was read, or the second job is not named:\n%s", out)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "positions.yaml.state*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

func TestStandardInputWithoutAJob(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	feed(t, "one\n")
	status, out := runWith(t, "-config.file="+inputConfig(t, dir, loki.URL, "target_config: {stdin: true}\n"))
	hostname, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{hostname=%q, job="stdin"}`, hostname)
	if got := loki.got("one"); status != 0 || !slices.Equal(got, []string{want}) {
		t.Errorf("ended with %d, came in %v, want %s:\n%s", status, got, want, out)
	}
}

// While Loki is away, it goes to disk, and the next run sends it.
func TestStandardInputIsNotLostWhileLokiIsAway(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	addr := loki.URL
	loki.Close()
	conf := inputConfig(t, dir, addr, "")
	feed(t, "kept\n")
	if status, out := runWith(t, "-stdin", "-config.file="+conf); status != 0 {
		t.Fatalf("ended with %d:\n%s", status, out)
	}
	spool := filepath.Join(dir, "positions.yaml.spool.stdin")
	if entries, err := os.ReadDir(spool); err != nil || len(entries) != 1 {
		t.Fatalf("the spool: %v, %v", entries, err)
	}
	l, err := net.Listen("tcp", loki.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	back := &http.Server{Handler: http.HandlerFunc(loki.push)}
	t.Cleanup(func() { back.Close() })
	go back.Serve(l)
	feed(t, "")
	if status, out := runWith(t, "-stdin", "-config.file="+conf); status != 0 || len(loki.got("kept")) != 1 {
		t.Errorf("ended with %d, the line came %d times:\n%s", status, len(loki.got("kept")), out)
	}
}

// Without a disk queue it is waited for Loki, longer than a stop would.
func TestStandardInputWaitsForLokiWithoutASpool(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	opens := time.Now().Add(drainTime + 2*time.Second)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if time.Now().Before(opens) {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		loki.push(w, r)
	}))
	t.Cleanup(slow.Close)
	feed(t, "kept\n")
	status, out := runWith(t, "-stdin", "-config.file="+inputConfig(t, dir, slow.URL, "spool: {max_bytes: 0}\n"))
	if status != 0 || !loki.has("kept") {
		t.Errorf("ended with %d, and the line did not come:\n%s", status, out)
	}
}
