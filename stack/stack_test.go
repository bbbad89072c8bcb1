// Package stack_test runs the scripts of the local stack with the real parts,
// on free ports and in a folder of its own.
package stack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// stack is one local stack.
type stack struct {
	dir   string            // DATA_DIR
	ports map[string]string // by variable
}

// newStack chooses a folder and ports, and stops what the test has started in it at its end.
func newStack(t *testing.T) stack {
	t.Helper()
	s := stack{dir: t.TempDir(), ports: map[string]string{}}
	for _, name := range []string{
		"DASHBOARD_PORT", "DASHBOARD_INTERNAL_PORT", "LOKI_PORT", "LOKI_GRPC_PORT", "PROMETHEUS_PORT",
		"ALERTMANAGER_PORT", "NODE_EXPORTER_PORT", "COLLECTOR_PORT",
	} {
		s.ports[name] = servers.FreePort(t)
	}
	t.Cleanup(func() { s.run(t, "down") })
	return s
}

// run calls stack/up or stack/down and returns what it printed and its exit status.
func (s stack) run(t *testing.T, script string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(servers.Root(t), "stack", script), args...)
	cmd.Env = append(os.Environ(), "DATA_DIR="+s.dir, "READY_TIMEOUT=60s", "DASHBOARD_ADMIN_PASSWORD=")
	for name, port := range s.ports {
		cmd.Env = append(cmd.Env, name+"="+port)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	t.Logf("stack/%s %v:\n%s", script, args, out)
	return string(out), cmd.ProcessState.ExitCode()
}

// url is an address of the part that listens on the port of that variable.
func (s stack) url(variable, path string) string {
	return "http://127.0.0.1:" + s.ports[variable] + path
}

// status returns what a part answers, 0 for no answer.
func (s stack) status(variable, path string) int {
	resp, err := http.Get(s.url(variable, path))
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// kill ends a part at once.
func (s stack) kill(t *testing.T, part string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "run", part+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// running returns the variables whose ports are taken.
func (s stack) running() []string {
	var taken []string
	for name, port := range s.ports {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			taken = append(taken, name)
		}
	}
	return taken
}

func wantIn(t *testing.T, out string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("it did not print %q", want)
		}
	}
}

func TestUpAndDownAndUpAgain(t *testing.T) {
	s := newStack(t)
	out, status := s.run(t, "up")
	if status != 0 {
		t.Fatalf("exit status %d", status)
	}
	file := filepath.Join(s.dir, "admin-password")
	password, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v (%v), want 600", file, info.Mode(), err)
	}
	wantIn(t, out, "The dashboard is up: "+s.url("DASHBOARD_PORT", "/logs/"),
		"Login: user admin, password "+strings.TrimSpace(string(password)))
	s.canLogIn(t, strings.TrimSpace(string(password)))
	s.scrapesEverything(t)
	s.alertmanagerMayNotify(t)
	s.alertsArrive(t)

	out, status = s.run(t, "up")
	if status != 0 {
		t.Errorf("a second up: exit status %d", status)
	}
	wantIn(t, out, "already up: "+s.url("DASHBOARD_PORT", "/logs/"))
	if out, status = s.run(t, "up", "demo"); status == 0 {
		t.Error("a demo beside a stack without: exit status 0")
	}
	wantIn(t, out, "make down && make demo")

	if _, status = s.run(t, "down"); status != 0 {
		t.Errorf("down: exit status %d", status)
	}
	if left := s.running(); len(left) > 0 {
		t.Errorf("after down there still listens: %v", left)
	}
	out, status = s.run(t, "up", "demo")
	if status != 0 {
		t.Fatalf("the next up: exit status %d", status)
	}
	wantIn(t, out, "password in "+file)
	if strings.Contains(out, strings.TrimSpace(string(password))) {
		t.Error("the password is printed again")
	}
	s.canLogIn(t, strings.TrimSpace(string(password)))
	s.collectsTheDemo(t)
}

func (s stack) canLogIn(t *testing.T, password string) {
	t.Helper()
	body := fmt.Sprintf(`{"user":"admin","password":%q}`, password)
	resp, err := http.Post(s.url("DASHBOARD_PORT", "/logs/api/v1/login"), "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("login: %s", resp.Status)
	}
}

// scrapesEverything waits until Prometheus has scraped each part well.
func (s stack) scrapesEverything(t *testing.T) {
	t.Helper()
	servers.Eventually(t, "Prometheus scrapes all six parts", func() bool {
		resp, err := http.Get(s.url("PROMETHEUS_PORT", "/api/v1/targets"))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		var text bytes.Buffer
		text.ReadFrom(resp.Body)
		return strings.Count(text.String(), `"health":"up"`) == 6
	})
}

// collectsTheDemo waits until lines of each demo service are in Loki.
func (s stack) collectsTheDemo(t *testing.T) {
	t.Helper()
	loki := strings.TrimSuffix(s.url("LOKI_PORT", "/"), "/")
	for _, service := range []string{"backend", "backend-next", "pgbouncer", "db", "nginx"} {
		servers.Eventually(t, "the demo's "+service+" is in Loki", func() bool {
			return servers.Count(t, loki, fmt.Sprintf(`sum(count_over_time({env="demo", service=%q}[2h]))`, service)) > 0
		})
	}
}

func TestUpNamesATakenPort(t *testing.T) {
	s := newStack(t)
	listener, err := net.Listen("tcp", "127.0.0.1:"+s.ports["LOKI_PORT"])
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	out, status := s.run(t, "up")
	if status == 0 {
		t.Error("exit status 0")
	}
	wantIn(t, out, "port "+s.ports["LOKI_PORT"]+" (LOKI_PORT) is in use by", fmt.Sprintf("(process %d)", os.Getpid()))
	if _, err := os.Stat(filepath.Join(s.dir, "logs")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was started all the same (%v)", err)
	}
}

func TestUpShowsWhyAPartDoesNotStart(t *testing.T) {
	s := newStack(t)
	if err := os.WriteFile(filepath.Join(s.dir, "loki"), []byte("a file where Loki wants a folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, status := s.run(t, "up")
	if status == 0 {
		t.Error("exit status 0")
	}
	wantIn(t, out, "loki is not ready: its process has ended", "The last lines of "+filepath.Join(s.dir, "logs", "loki.log"),
		"not a directory")
	if left := s.running(); len(left) > 0 {
		t.Errorf("after the failure there still listens: %v", left)
	}
}

func TestDownStopsWhatACrashLeft(t *testing.T) {
	s := newStack(t)
	if _, status := s.run(t, "up"); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	s.kill(t, "goreman")
	if got := s.status("LOKI_PORT", "/ready"); got != http.StatusOK {
		t.Errorf("Loki answers %d after the manager's death, want 200: this test tests nothing", got)
	}
	if _, status := s.run(t, "down"); status != 0 {
		t.Errorf("down: exit status %d", status)
	}
	if left := s.running(); len(left) > 0 {
		t.Errorf("after down there still listens: %v", left)
	}
}

func TestUpStartsAgainWhatHasEnded(t *testing.T) {
	s := newStack(t)
	if _, status := s.run(t, "up"); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	s.kill(t, "loki")
	servers.Eventually(t, "Loki has ended", func() bool { return s.status("LOKI_PORT", "/ready") == 0 })
	out, status := s.run(t, "up")
	if status != 0 || s.status("LOKI_PORT", "/ready") != http.StatusOK {
		t.Errorf("up with Loki killed: exit status %d, Loki answers %d", status, s.status("LOKI_PORT", "/ready"))
	}
	wantIn(t, out, "loki has ended")
}

// alertmanagerMayNotify checks that Alertmanager knows the dashboard's address and
// token.
func (s stack) alertmanagerMayNotify(t *testing.T) {
	t.Helper()
	etc := filepath.Join(s.dir, "alertmanager", "etc")
	config, err := os.ReadFile(filepath.Join(etc, "alertmanager.yml"))
	if err != nil {
		t.Fatal(err)
	}
	wantIn(t, string(config), s.url("DASHBOARD_PORT", "/api/v1/alertmanager"))
	token, err := os.ReadFile(filepath.Join(etc, "dashboard-token"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, s.url("DASHBOARD_PORT", "/api/v1/alertmanager"), strings.NewReader(`{"alerts":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("a notification with the token of Alertmanager: %s", answer.Status)
	}
}

// alertsArrive waits until Alertmanager has the alert that always fires. Its
// links lead to the dashboard, and the labels from which they are made are gone.
func (s stack) alertsArrive(t *testing.T) {
	t.Helper()
	var alerts []struct{ Labels, Annotations map[string]string }
	servers.Eventually(t, "the Watchdog is in Alertmanager", func() bool {
		resp, err := http.Get(s.url("ALERTMANAGER_PORT", "/api/v2/alerts?filter=alertname=Watchdog"))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return json.NewDecoder(resp.Body).Decode(&alerts) == nil && len(alerts) == 1
	})
	want := map[string]string{"alertname": "Watchdog", "severity": "none", "component": "pipeline"}
	if got := alerts[0].Labels; !maps.Equal(got, want) {
		t.Errorf("its labels are %v, want %v", got, want)
	}
	if got, want := alerts[0].Annotations["dashboard"], s.url("DASHBOARD_PORT", "/logs/health?c=pipeline"); got != want {
		t.Errorf("it leads to %q, want %q", got, want)
	}
}
