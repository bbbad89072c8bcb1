package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
)

// sink is a push endpoint that keeps the lines it is sent.
type sink struct {
	*httptest.Server
	token string // the bearer token that it asks for

	mu      sync.Mutex
	lines   []string
	streams []string // of the lines
}

func newSink(t *testing.T, token string) *sink {
	t.Helper()
	s := &sink{token: token}
	s.Server = httptest.NewServer(http.HandlerFunc(s.push))
	t.Cleanup(s.Close)
	return s
}

// readPush decodes a push request.
func readPush(r *http.Request) (*push.PushRequest, error) {
	packed, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	body, err := snappy.Decode(nil, packed)
	if err != nil {
		return nil, err
	}
	req := &push.PushRequest{}
	return req, req.Unmarshal(body)
}

func (s *sink) push(w http.ResponseWriter, r *http.Request) {
	if s.token != "" && r.Header.Get("Authorization") != "Bearer "+s.token {
		http.Error(w, "invalid token", http.StatusUnauthorized)
		return
	}
	req, err := readPush(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stream := range req.Streams {
		for _, e := range stream.Entries {
			s.lines = append(s.lines, e.Line)
			s.streams = append(s.streams, stream.Labels)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// got are the streams in which a line came.
func (s *sink) got(line string) (streams []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range s.lines {
		if l == line {
			streams = append(streams, s.streams[i])
		}
	}
	return streams
}

func (s *sink) has(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if l == line {
			return true
		}
	}
	return false
}

// log is what the program prints.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) has(parts ...string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, part := range parts {
		if !strings.Contains(l.text.String(), part) {
			return false
		}
	}
	return true
}

func (l *log) count(part string) int { return strings.Count(l.String(), part) }

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start runs the program over the files in dir until the test ends.
func start(t *testing.T, dir, clientYAML string, more string) *log {
	t.Helper()
	config := write(t, filepath.Join(dir, "collector.yaml"), fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{%s, batchwait: 10ms, backoff_config: {min_period: 10ms, max_period: 50ms}}]
positions: {filename: %s/state/positions.yaml, sync_period: 50ms}
target_config: {sync_period: 50ms}
scrape_configs:
- job_name: files
  static_configs: [{labels: {__path__: '%s/*.log'}}]
%s`, clientYAML, dir, dir, more))
	ctx, cancel := context.WithCancel(context.Background())
	out := &log{}
	status := make(chan int, 1)
	go func() { status <- run(ctx, []string{"-config.file=" + config}, out, out) }()
	t.Cleanup(func() {
		cancel()
		if got := <-status; got != 0 {
			t.Errorf("the program ended with %d:\n%s", got, out)
		}
	})
	return out
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// eventually waits for what the running program has to do.
func eventually(t *testing.T, out *log, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not seen: %s\n%s", what, out)
		}
	}
}

func TestLinesAreShipped(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	write(t, filepath.Join(dir, "app.log"), "first\nsecond\n")
	out := start(t, dir, "url: "+loki.URL, "")
	eventually(t, out, "both lines", func() bool { return loki.has("first") && loki.has("second") })
}

func TestAWrongTokenIsNamedAndLosesNothing(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "right")
	write(t, filepath.Join(dir, "app.log"), "kept\n")
	token := write(t, filepath.Join(dir, "token"), "wrong\n")
	out := start(t, dir, "url: "+loki.URL+", bearer_token_file: "+token, "")
	eventually(t, out, "the wrong token is named, with what to do", func() bool { return out.has("level=ERROR", "401", "remedy=") })
	write(t, token, "right\n") // a rotated secret is read again
	eventually(t, out, "the line arrives with the right token", func() bool { return loki.has("kept") })
	if out.has("wrong\n") {
		t.Errorf("the secret is in the log:\n%s", out)
	}
}

// Some services expect a token in the query: neither what fails nor what is well
// again shows it.
func TestTheQueryOfAURLIsNotInTheLog(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "right")
	write(t, filepath.Join(dir, "app.log"), "kept\n")
	token := write(t, filepath.Join(dir, "token"), "wrong\n")
	out := start(t, dir, "url: '"+loki.URL+"?token=in-the-query', bearer_token_file: "+token, "")
	eventually(t, out, "the trouble is named", func() bool { return out.has("level=ERROR", loki.URL) })
	write(t, token, "right\n")
	eventually(t, out, "the end of it is named", func() bool { return out.has("takes logs again") })
	if out.has("in-the-query") {
		t.Errorf("the query is in the log:\n%s", out)
	}
}

func TestLokiAwayIsNamedOnceAndWaitedFor(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	addr := loki.Listener.Addr().String()
	loki.Close()
	write(t, filepath.Join(dir, "app.log"), "kept\n")
	out := start(t, dir, "url: http://"+addr, "")
	eventually(t, out, "Loki away is named", func() bool { return out.has("level=ERROR", "http://"+addr, "remedy=") })
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	back := &http.Server{Handler: http.HandlerFunc(loki.push)}
	t.Cleanup(func() { back.Close() })
	go back.Serve(l)
	eventually(t, out, "the line arrives when Loki is back", func() bool { return loki.has("kept") })
	if n := strings.Count(out.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d error lines for one outage:\n%s", n, out)
	}
}

func TestWhatCannotBeReadDoesNotStopTheRest(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	write(t, filepath.Join(dir, "app.log"), "read\n")
	if err := os.Mkdir(filepath.Join(dir, "folder.log"), 0o755); err != nil {
		t.Fatal(err)
	}
	out := start(t, dir, "url: "+loki.URL, `
- job_name: missing
  static_configs: [{labels: {__path__: /nowhere/at/all/*.log}}]
- job_name: containers
  docker_files: {root: /nowhere/docker}
`)
	eventually(t, out, "the readable file's line", func() bool { return loki.has("read") })
}

func TestDamagedPositionsStopTheStartUnlessToBeIgnored(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		dir, loki := t.TempDir(), newSink(t, "")
		write(t, filepath.Join(dir, "app.log"), "read\n")
		state := write(t, filepath.Join(dir, "positions.yaml.state"), "{torn")
		config := write(t, filepath.Join(dir, "c.yaml"), fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{url: %q, batchwait: 10ms}]
positions: {filename: %s/positions.yaml, ignore_invalid_yaml: %v}
scrape_configs: [{job_name: files, static_configs: [{labels: {__path__: %s/*.log}}]}]
`, loki.URL, dir, ignore, dir))
		ctx, cancel := context.WithCancel(context.Background())
		out, status := &log{}, make(chan int, 1)
		go func() { status <- run(ctx, []string{"-config.file=" + config}, out, out) }()
		if ignore {
			eventually(t, out, "the file is read from its beginning", func() bool { return loki.has("read") })
			cancel()
		}
		want := map[bool]int{false: 1, true: 0}[ignore]
		if got := <-status; got != want || !out.has(state) {
			t.Errorf("ignore_invalid_yaml %v: status %d, want %d and the file named:\n%s", ignore, got, want, out)
		}
		cancel()
	}
}

func TestBadCommandLinesAndConfigurations(t *testing.T) {
	dir := t.TempDir()
	bad := write(t, filepath.Join(dir, "bad.yaml"), `clients: [{url: "http://192.0.2.1/loki/api/v1/push"}]
scrape_configs:
- job_name: files
  static_configs: [{labels: {__path__: /var/log/*.log}}]
  pipeline_stages:
  - regex: {expresion: "x"}
`)
	selector := write(t, filepath.Join(dir, "selector.yaml"), `clients: [{url: "http://192.0.2.1/loki/api/v1/push"}]
scrape_configs:
- job_name: files
  static_configs: [{labels: {__path__: /var/log/*.log}}]
  pipeline_stages:
  - match: {selector: "{app=", stages: [{level: {}}]}
`)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "-config.file"},
		{[]string{"-config.file=" + filepath.Join(dir, "none.yaml")}, "none.yaml"},
		{[]string{"-config.file=" + bad}, bad + ":6:13"},
		{[]string{"-config.file=" + bad}, "expression"},
		{[]string{"-check-syntax", "-config.file=" + selector}, selector + ":6:"},
		{[]string{"-no-such-flag"}, "no-such-flag"},
	} {
		out := &log{}
		if status := run(context.Background(), tt.args, out, out); status != 2 || !out.has(tt.want) {
			t.Errorf("%v: status %d, want 2 and %q in\n%s", tt.args, status, tt.want, out)
		}
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	config := write(t, filepath.Join(dir, "c.yaml"), fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: %d}
clients: [{url: "http://192.0.2.1/loki/api/v1/push"}]
positions: {filename: %s/positions.yaml}
scrape_configs: [{job_name: files, static_configs: [{labels: {__path__: %s/*.log}}]}]
`, l.Addr().(*net.TCPAddr).Port, dir, dir))
	out := &log{}
	if status := run(context.Background(), []string{"-config.file=" + config}, out, out); status != 1 || !out.has(l.Addr().String(), "http_listen_port") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestVersion(t *testing.T) {
	out := &log{}
	if status := run(context.Background(), []string{"-version"}, out, out); status != 0 || !out.has("collector "+version) {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestTargetsPageShowsWhatIsWrongFirst(t *testing.T) {
	var page strings.Builder
	id := strings.Repeat("0123456789ab", 6)[:64]
	err := targetsTemplate.Execute(&page, targetsPage{
		Clients: []clientStatus{{Name: "good"}, {Name: "away", Trouble: "Loki cannot be reached", Waiting: 3, SpoolBatches: 2, SpoolBytes: 5 << 20, SpoolFull: true}},
		Targets: []targetStatus{
			{Job: "docker", Kind: "file", Path: "/d/" + id + "/" + id + "-json.log", State: "active", ReadBytes: 1 << 30},
			{Job: "nginx", Path: "/var/log/<x>.log", State: "unreadable", Error: "permission denied", Remedy: "setfacl x"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"delivers", "▲ Loki cannot be reached", "the disk queue is full", "5.0 MiB", "1.0 GiB", "/d/0123456789ab…/0123456789ab…-json.log",
		"/var/log/&lt;x&gt;.log", "▲ unreadable", "setfacl x",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in\n%s", want, page.String())
		}
	}
	if strings.Index(page.String(), "away") > strings.Index(page.String(), "docker") {
		t.Error("the clients are not the first")
	}
}

func TestASecondCollectorWithTheSamePositionsDoesNotStart(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	r := begin(t, dir, oneJob("url: "+loki.URL, ""))
	out := &log{}
	if status := run(t.Context(), []string{"-config.file=" + r.config}, out, out); status != 1 || !out.has("another collector uses them", dir) {
		t.Errorf("status %d:\n%s", status, out)
	}
	r.stop()
}
