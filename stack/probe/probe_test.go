package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// listen takes a free port of loopback until the test ends.
func listen(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

func free(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestPortsNamesEveryProblem(t *testing.T) {
	taken, open := listen(t), free(t)
	err := checkPorts([]string{
		fmt.Sprintf("A_PORT=%d", taken), fmt.Sprintf("B_PORT=%d", open), fmt.Sprintf("C_PORT=%d", open), "D_PORT=x", "E_PORT=65536", "F_PORT=",
	}, "/proc")
	if err == nil {
		t.Fatal("no error")
	}
	self, readErr := os.ReadFile("/proc/self/comm")
	if readErr != nil {
		t.Fatal(readErr)
	}
	want := []string{
		fmt.Sprintf("port %d (A_PORT) is in use by %s (process %d): stop that, or choose another port with A_PORT=PORT",
			taken, strings.TrimSpace(string(self)), os.Getpid()),
		fmt.Sprintf("B_PORT and C_PORT are both port %d: give them different ones", open),
		"D_PORT=x is not a port: give a number from 1 to 65535",
		"E_PORT=65536 is not a port: give a number from 1 to 65535",
		"F_PORT= is not a port: give a number from 1 to 65535",
	}
	if got := err.Error(); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestFreePortsAreNoProblem(t *testing.T) {
	if err := checkPorts([]string{fmt.Sprintf("A_PORT=%d", free(t))}, "/proc"); err != nil {
		t.Error(err)
	}
}

// Without root the open files of other users' processes cannot be listed, but the socket's owner is in /proc/net/tcp.
func TestHolderOfAnotherUserIsNamedByUser(t *testing.T) {
	proc := t.TempDir()
	if err := os.Mkdir(filepath.Join(proc, "net"), 0o700); err != nil {
		t.Fatal(err)
	}
	table := "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
		"   0: 0100007F:0C1C 0100007F:2382 01 00000000:00000000 00:00000000 00000000  1000        0 111 1\n" +
		"   1: 0100007F:0C1C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1\n" +
		"   2: 00000000:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000 98765        0 333 1\n"
	if err := os.WriteFile(filepath.Join(proc, "net", "tcp"), []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	for port, want := range map[int]string{
		3100: "a process of user root", 9090: "a process of user 98765", 9093: "an unknown process",
	} {
		if got := holder(port, proc); got != want {
			t.Errorf("holder of %d: got %q, want %q", port, got, want)
		}
	}
}

func TestReadyWaitsForA200(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			http.Error(w, "starting", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if err := waitReady(t.Context(), []string{"-timeout", "1m", "loki", server.URL}); err != nil {
		t.Error(err)
	}
	if asked != 3 {
		t.Errorf("asked %d times, want 3", asked)
	}
}

func TestReadyTellsTheLastAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "ingester not ready", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	err := waitReady(t.Context(), []string{"-timeout", "300ms", "loki", server.URL})
	want := "loki is not ready after 300ms: " + server.URL + " answers 503 Service Unavailable: ingester not ready"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadyEndsWithTheProcess(t *testing.T) {
	command := exec.Command("true")
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
	pid := filepath.Join(t.TempDir(), "pid")
	if err := os.WriteFile(pid, []byte(strconv.Itoa(command.Process.Pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("http://127.0.0.1:%d/", free(t))
	err := waitReady(t.Context(), []string{"-pid", pid, "-timeout", time.Hour.String(), "loki", url})
	if want := "loki is not ready: its process has ended"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadyOfAProcessAlone(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	if err := os.WriteFile(pid, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := waitReady(t.Context(), []string{"-pid", pid, "demo"}); err != nil {
		t.Error(err)
	}
}

func TestUnreadableSourcesComeWithTheirRemedy(t *testing.T) {
	answer := `{"targets":[
		{"job":"system","kind":"file","path":"/var/log/syslog","state":"reading","read_bytes":12},
		{"job":"system","kind":"file","path":"/var/log/auth.log","state":"unreadable","error":"permission denied","remedy":"sudo usermod -aG adm \"$USER\""},
		{"job":"docker","kind":"docker","path":"/var/lib/docker","state":"unreadable","error":"permission denied","remedy":""}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
	defer server.Close()
	var got strings.Builder
	if err := printUnreadable(t.Context(), []string{server.URL}, &got); err != nil {
		t.Fatal(err)
	}
	want := "The collector may not read 2 of its 3 log sources; the rest is collected:\n" +
		"  /var/log/auth.log (job system): permission denied\n" +
		"      to open it: sudo usermod -aG adm \"$USER\"\n" +
		"  /var/lib/docker (job docker): permission denied\n"
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}

	answer = `{"targets":[{"path":"/var/log/syslog","state":"reading"}]}`
	got.Reset()
	if err := printUnreadable(t.Context(), []string{server.URL}, &got); err != nil || got.String() != "" {
		t.Errorf("with all readable: printed %q, error %v", got.String(), err)
	}
	answer = `<html>`
	if err := printUnreadable(t.Context(), []string{server.URL}, &got); err == nil {
		t.Error("no error for an answer that is not JSON")
	}
}
