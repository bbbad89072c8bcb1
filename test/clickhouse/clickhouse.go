// Package clickhouse runs ClickHouse's own engine for tests, without a server:
// the npm package chdb in a process of Node, behind as much of ClickHouse's HTTP
// interface as clickhouse-go asks for.
//
//	clickhouse-go ──HTTP──▶ this package ──HTTP──▶ engine.mjs: chdb
//	                        Native blocks          Native blocks
//	                        as the client wants    of revision 0
//
// Statements reach the engine as they were sent, except that the rows of an
// INSERT come from a file, and that statements run one after the other.
package clickhouse

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// Engine is a running engine.
type Engine struct {
	pid    int
	url    string // of engine.mjs
	front  *httptest.Server
	folder string
	made   atomic.Int64 // databases

	mu       sync.Mutex
	database string // the one that USE chose
}

// Start starts an engine on an empty folder; it ends with the test. The test is
// skipped if the npm packages are not installed: make
// test/clickhouse/node_modules/.package-lock.json.
func Start(t testing.TB) *Engine {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Dir(file)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "chdb")); err != nil {
		t.Skipf("ClickHouse's engine is not installed; make test/clickhouse/node_modules/.package-lock.json does it: %v", err)
	}
	folder := t.TempDir()
	cmd := exec.Command("node", filepath.Join(dir, "engine.mjs"), filepath.Join(folder, "data"))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start ClickHouse's engine: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // which ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("ClickHouse's engine: %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("read the address of ClickHouse's engine: %v", err)
	}
	e := &Engine{pid: cmd.Process.Pid, url: strings.TrimSpace(line), folder: folder}
	e.front = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.front.Close)
	return e
}

// Database makes an empty database and returns its DSN for clickhouse-go.
func (e *Engine) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", e.made.Add(1))
	if _, err := e.run("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return e.front.URL + "/" + name
}

// ProcessorTime is what the engine has used of processors since it started.
func (e *Engine) ProcessorTime(t testing.TB) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", e.pid))
	if err != nil {
		t.Fatal(err)
	}
	_, numbers, _ := strings.Cut(string(text), ") ") // behind the name
	fields := strings.Fields(numbers)
	var ticks time.Duration
	for _, field := range fields[11:13] { // of users and of the system, in hundredths of a second
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += time.Duration(n)
	}
	return ticks * 10 * time.Millisecond
}

// serve answers one request of clickhouse-go.
func (e *Engine) serve(w http.ResponseWriter, r *http.Request) {
	answer, err := e.answer(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(answer) // the client may be gone
}

func (e *Engine) answer(r *http.Request) ([]byte, error) {
	query := r.URL.Query()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	revision, err := strconv.ParseUint(query.Get("client_protocol_version"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("client_protocol_version: %w", err)
	}
	statement := string(body)
	if insert := query.Get("query"); insert != "" {
		file, err := e.rows(body)
		if err != nil {
			return nil, err
		}
		defer os.Remove(file)
		statement = fromFile(insert, file)
	}
	blocks, err := e.runIn(query.Get("database"), statement)
	if err != nil {
		return nil, err
	}
	return encode(blocks, revision)
}

// rows writes the rows of an INSERT to a file and returns its path.
func (e *Engine) rows(body []byte) (string, error) {
	file, err := os.CreateTemp(e.folder, "rows-*.native")
	if err != nil {
		return "", fmt.Errorf("write rows: %w", err)
	}
	_, err = file.Write(body)
	return file.Name(), errors.Join(err, file.Close())
}

// fromFile makes an INSERT whose rows follow it one whose rows are in a file.
func fromFile(insert, file string) string {
	text, _, _ := strings.Cut(insert, " FORMAT ")
	return fmt.Sprintf("%s SELECT * FROM file('%s', 'Native')", text, file)
}

// runIn runs a statement in a database.
func (e *Engine) runIn(database, statement string) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if database != e.database {
		if _, err := e.run("USE " + database); err != nil {
			return nil, err
		}
		e.database = database
	}
	return e.run(statement)
}

// run gives the engine one statement. It returns Native blocks of revision 0.
func (e *Engine) run(statement string) ([]byte, error) {
	response, err := http.Post(e.url, "text/plain", strings.NewReader(statement))
	if err != nil {
		return nil, fmt.Errorf("ask ClickHouse's engine: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of ClickHouse's engine: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s", answer)
	}
	return answer, nil
}

// encode turns Native blocks of revision 0, which the library writes, into those
// of the revision that the client asked for.
func encode(blocks []byte, revision uint64) ([]byte, error) {
	from := bytes.NewReader(blocks)
	reader := chproto.NewReader(from)
	var to chproto.Buffer
	for {
		block := proto.NewBlock()
		switch err := block.Decode(reader, 0); {
		case errors.Is(err, io.EOF):
			return to.Buf, nil
		case err != nil:
			return nil, fmt.Errorf("decode a block of ClickHouse's engine: %w", err)
		}
		if err := block.Encode(&to, revision); err != nil {
			return nil, fmt.Errorf("encode a block for revision %d: %w", revision, err)
		}
	}
}
