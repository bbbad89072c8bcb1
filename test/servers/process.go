// Package servers starts real servers for tests: those that stack/ builds, the
// project's own two programs, and Debian's nginx. Each listens on a free
// loopback port, keeps its data in the test's temporary folder and is stopped
// when the test ends. A program that is missing fails the test.
package servers

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Bounds of a server's start and stop, and of what a test waits for.
const (
	readyWait = 90 * time.Second
	stopWait  = 20 * time.Second
	pollEvery = 50 * time.Millisecond
)

// Process is a running server.
type Process struct {
	URL string // of its HTTP listener, without a slash at the end

	name string
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
	stop syscall.Signal // what ends it; 0 is SIGTERM
}

// output collects what a server prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// Output is what the server has printed so far.
func (p *Process) Output() string {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	return p.out.buf.String()
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Start runs cmd, waits until url+ready answers 200, and stops it when the
// test ends. What it printed is shown when the test failed.
func Start(t testing.TB, cmd *exec.Cmd, url, ready string) *Process {
	t.Helper()
	p := launch(t, cmd, url)
	p.WaitReady(t, ready)
	return p
}

// launch runs cmd until the test ends.
func launch(t testing.TB, cmd *exec.Cmd, url string) *Process {
	t.Helper()
	p := &Process{URL: url, name: filepath.Base(cmd.Path), out: &output{}}
	p.run(t, cmd)
	t.Cleanup(func() {
		p.Stop(t)
		if t.Failed() {
			t.Logf("%s printed:\n%s", p.name, lastPart(p.Output()))
		}
	})
	return p
}

// run starts cmd as this process.
func (p *Process) run(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stdout, cmd.Stderr = p.out, p.out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done = cmd, done
	go func() {
		cmd.Wait() // how it ended shows in the tests that need it
		close(done)
	}()
}

// Restart starts a server again that was stopped or killed: with the same
// command, on the same ports and data. It does not wait until it is ready.
func (p *Process) Restart(t testing.TB) {
	t.Helper()
	<-p.done
	again := exec.Command(p.cmd.Path, p.cmd.Args[1:]...)
	again.Env, again.Dir, again.SysProcAttr = p.cmd.Env, p.cmd.Dir, p.cmd.SysProcAttr
	p.run(t, again)
}

// HighestMemory is the most memory that the process had in RAM, in bytes.
func (p *Process) HighestMemory(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var kib int64
	_, after, found := strings.Cut(string(text), "VmHWM:")
	if _, err := fmt.Sscan(after, &kib); !found || err != nil {
		t.Fatalf("no VmHWM of %s, has it ended? %v", p.name, err)
	}
	return kib << 10
}

// Handles is how many files, sockets and the like the process has open, and
// how many of these are files that are removed already.
func (p *Process) Handles(t testing.TB) (open, removed int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", p.PID())
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && strings.HasSuffix(target, " (deleted)") {
			removed++
		}
	}
	return len(entries), removed
}

func lastPart(s string) string { return s[max(0, len(s)-4096):] }

// WaitReady waits until the server answers 200 at path.
func (p *Process) WaitReady(t testing.TB, path string) {
	t.Helper()
	Eventually(t, p.name+" is ready", func() bool {
		p.mustRun(t)
		resp, err := http.Get(p.URL + path)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// mustRun fails the test when the server has ended.
func (p *Process) mustRun(t testing.TB) {
	t.Helper()
	select {
	case <-p.done:
		t.Fatalf("%s ended:\n%s", p.name, lastPart(p.Output()))
	default:
	}
}

// Stop ends the server as a service manager would, and by force when it does
// not end by itself. Stopping twice is allowed.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.cmd.Process.Signal(cmp.Or(p.stop, syscall.SIGTERM)) // it may have ended
	select {
	case <-p.done:
	case <-time.After(stopWait):
		t.Errorf("%s did not stop within %s of SIGTERM", p.name, stopWait)
		p.Kill()
	}
}

// Kill ends the server at once: kill -9.
func (p *Process) Kill() {
	p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// Eventually waits until ok returns true. What is waited for names it in the
// failure.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), readyWait)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("after %s still not: %s", readyWait, what)
		case <-tick.C:
		}
	}
}

// Root returns the folder of the repository.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("go.mod is in no folder above the test")
	return ""
}

// FreePort returns a port that nothing listens on. It is none of those that the
// kernel gives to connections: one of them would be taken again before a server
// has started.
func FreePort(t testing.TB) string {
	t.Helper()
	const lowest, connections = 10_000, 32_768
	for range 1000 {
		port := strconv.Itoa(lowest + rand.IntN(connections-lowest))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// program returns the path of a built program below the repository.
func program(t testing.TB, dir, name, how string) string {
	t.Helper()
	path := filepath.Join(Root(t), dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is missing: run %s, or make test, which does it", filepath.Join(dir, name), how)
	}
	return path
}

// Debian returns the path of a program that a Debian package installs.
func Debian(t testing.TB, name, pkg string) string {
	t.Helper()
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/bin", "/sbin"} {
		if path := filepath.Join(dir, name); isFile(path) {
			return path
		}
	}
	t.Fatalf("%s is missing: apt-get install %s", name, pkg)
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// makeDir makes a folder and its parents.
func makeDir(t testing.TB, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// WriteFile writes a file and the folders above it.
func WriteFile(t testing.TB, path, text string) string {
	t.Helper()
	makeDir(t, filepath.Dir(path))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// AppendFile adds to a file as a logging program does: one write, O_APPEND.
func AppendFile(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
