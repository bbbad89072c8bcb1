package dashboard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

// readyWait bounds the start of a real server.
const readyWait = 90 * time.Second

// shared are the servers that all tests of the package use.
var shared servers

// servers starts each real server when the first test asks for it.
type servers struct {
	mu    sync.Mutex
	dir   string
	loki  *process
	stops []func()
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "dashboard-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	shared.dir = dir
	code := m.Run()
	for _, stop := range shared.stops {
		stop()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// process is a running server.
type process struct {
	name string
	url  string
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan struct{}
}

// lockedBuffer collects what a server prints.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs a server and waits until url+ready answers 200.
func start(t testing.TB, cmd *exec.Cmd, url, ready string) *process {
	t.Helper()
	p := &process{name: filepath.Base(cmd.Path), url: url, cmd: cmd, out: &lockedBuffer{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.out, p.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	go func() {
		cmd.Wait() // how it ended shows in the tests that need it
		close(p.done)
	}()
	p.waitReady(t, ready)
	return p
}

// waitReady waits until the server answers 200.
func (p *process) waitReady(t testing.TB, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), readyWait)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-p.done:
			t.Fatalf("%s ended:\n%s", p.name, p.out)
		case <-ctx.Done():
			p.stop()
			t.Fatalf("%s is not ready after %s:\n%s", p.name, readyWait, p.out)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends the server, by force when it does not end by itself.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.cmd.Process.Kill()
		<-p.done
	}
}

// root returns the folder of the repository.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("go.mod is in no folder above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// binary returns the path of a real server that stack/build builds.
func binary(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(root(t), "stack", "bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("stack/bin/%s is missing: build the real servers with stack/build, or run make test, which does it: %v", name, err)
	}
	return path
}

// freePort returns a port that nothing listens on.
func freePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// realLoki returns the Loki that the tests share, with the stack's own
// configuration.
func realLoki(t testing.TB) *process {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.loki == nil {
		shared.loki = startLoki(t, filepath.Join(shared.dir, "loki"), freePort(t))
		shared.stops = append(shared.stops, shared.loki.stop)
	}
	return shared.loki
}

// startLoki starts a Loki of its own.
func startLoki(t testing.TB, dir, port string) *process {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary(t, "loki"), "-config.file="+filepath.Join(root(t), "stack", "loki.yaml"), "-config.expand-env=true")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"DATA_DIR="+dir, "LOKI_PORT="+port, "LOKI_GRPC_PORT="+freePort(t),
		"LOKI_RULES="+filepath.Join(dir, "rules"), "LOKI_LOG_LEVEL=error")
	return start(t, cmd, "http://127.0.0.1:"+port, "/ready")
}

// line is one line to push.
type line struct {
	at       time.Time
	text     string
	metadata push.LabelsAdapter
}

// pushLines sends lines to Loki as one stream.
func pushLines(t testing.TB, url, labels string, lines ...line) {
	t.Helper()
	stream := push.Stream{Labels: labels}
	for _, l := range lines {
		stream.Entries = append(stream.Entries, push.Entry{Timestamp: l.at, Line: l.text, StructuredMetadata: l.metadata})
	}
	data, err := (&push.PushRequest{Streams: []push.Stream{stream}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, url+"/loki/api/v1/push", bytes.NewReader(snappy.Encode(nil, data)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(response.Body) // for the message only
		t.Fatalf("push of %s: status %d: %s", labels, response.StatusCode, text)
	}
}

// lokiClient returns a client of the Loki at url.
func lokiClient(t testing.TB, url string) *loki.Client {
	t.Helper()
	config := loki.DefaultConfig()
	config.URL = url
	config.Observe = func(call string, took time.Duration, code loki.Code) { if took > time.Second { fmt.Println("SLOW", call, took, code) } }
	client, err := loki.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// background runs f until the test ends, and checks that it ends without error.
func background(t testing.TB, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("background: %v", err)
		}
	})
}

// jobOf returns a job label that no other test uses.
func jobOf(t testing.TB) string { return t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36) }
