package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// stage is the real stack that a browser looks at: logs on disk, collector,
// Loki, Prometheus, Alertmanager, dashboard, nginx.
type stage struct {
	machine *machine
	visitor *visitor
	parts   map[string]part
}

// part is a server that a script may stop and start.
type part struct {
	*servers.Process
	ready string // the path that answers 200 when it can be used
}

// TestPageInABrowser drives the page in headless Chromium behind nginx, see
// test/browser/run.mjs. The screenshots are in $SCREENSHOTS, or in the test's
// own folder.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	cmd := exec.Command("node", filepath.Join(servers.Root(t), "test", "browser", "run.mjs"))
	cmd.Env = append(os.Environ(), "BASE_URL="+s.visitor.base, "LOKI_URL="+s.parts["loki"].URL, "USER=admin",
		"PASSWORD="+servers.Password, "OUT_DIR="+screenshots(t), "SERVICE=backend", "SEARCH=Exception", "REQUEST="+madeUpRequest,
		"OTHER_ENV=elsewhere", "OTHER_SERVICE=lonely")
	s.direct(t, cmd)
}

func newStage(t *testing.T) *stage {
	t.Helper()
	loki := servers.Loki(t)
	m := newMachine(t)
	m.addContainer(t, "legacy-prod")
	m.addContainer(t, "structured-1w")
	m.addMadeUp(t)
	second := time.Now().Add(-50 * time.Minute).UTC().Format("02/Jan/2006:15:04:05 -0700")
	var flood strings.Builder
	for i := range 500 { // more lines of one second than a page has
		fmt.Fprintf(&flood, "192.0.2.7 - - [%s] \"GET /flood/%d HTTP/1.1\" 200 15 \"-\" \"probe\"\n", second, i)
	}
	servers.AppendFile(t, m.path("nginx/access.log"), flood.String())
	collector := m.collect(t, loki.URL)
	waitSettled(t, collector)
	pushElsewhere(t, loki.URL)
	prometheus := servers.Prometheus(t, map[string]string{
		"collector": hostPort(t, collector), "loki": hostPort(t, loki), "node": hostPort(t, servers.NodeExporter(t)),
	})
	const token = "a-token-for-tests"
	port := servers.FreePort(t)
	alertmanager := servers.Alertmanager(t, fmt.Sprintf(`
route: {receiver: dashboard, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: dashboard
    webhook_configs:
      - url: http://127.0.0.1:%s/api/v1/alertmanager
        http_config: {authorization: {credentials_file: dashboard-token}}
`, port), map[string]string{"dashboard-token": token})
	dashboard := servers.DashboardAt(t, port, []string{
		"-loki-url", loki.URL, "-prometheus-url", prometheus.URL, "-alertmanager-url", alertmanager.URL,
	}, "DASHBOARD_ALERTMANAGER_TOKEN="+token)
	raise(t, alertmanager, "PoolWaits")
	nginx := servers.Nginx(t, dashboard.URL)
	s := &stage{machine: m, visitor: logIn(t, nginx.URL+"/logs/"), parts: map[string]part{
		"loki": {loki, "/ready"}, "prometheus": {prometheus, "/-/ready"}, "dashboard": {dashboard, "/readyz"}, "nginx": {nginx, "/alive"},
	}}
	servers.Eventually(t, "the health strip has data", func() bool { return isHealthy(t, s.visitor) })
	return s
}

// raise makes an alert fire for an hour, as Prometheus does.
func raise(t *testing.T, alertmanager *servers.Process, name string) {
	t.Helper()
	now := time.Now()
	body, err := json.Marshal([]any{map[string]any{
		"labels":      map[string]string{"alertname": name, "severity": "critical", "service": "pgbouncer", "env": "production"},
		"annotations": map[string]string{"summary": "7 clients wait for a connection"},
		"startsAt":    now.Add(-10 * time.Minute), "endsAt": now.Add(time.Hour),
	}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(alertmanager.URL+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager takes no alert: status %d", resp.StatusCode)
	}
}

// direct runs a script, prints what it says, and does what it asks for: a line
// "ASK verb argument", which is answered by a line when it is done.
func (s *stage) direct(t *testing.T, script *exec.Cmd) {
	t.Helper()
	out, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	script.Stderr = script.Stdout
	in, err := script.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		wish, asked := strings.CutPrefix(lines.Text(), "ASK ")
		if !asked {
			t.Log(lines.Text())
			continue
		}
		verb, argument, _ := strings.Cut(wish, " ")
		s.do(t, verb, argument)
		if _, err := io.WriteString(in, "done\n"); err != nil {
			t.Fatalf("answer %q: %v", verb, err)
		}
	}
	if err := script.Wait(); err != nil {
		t.Errorf("the browser's run failed: %v", err)
	}
}

// do is one wish of a script: write, with texts as a list of JSON, or stop or
// start, with the name of a part.
func (s *stage) do(t *testing.T, verb, argument string) {
	t.Helper()
	switch verb {
	case "write":
		var texts []string
		if err := json.Unmarshal([]byte(argument), &texts); err != nil {
			t.Fatalf("texts to write: %v", err)
		}
		s.write(t, texts)
	case "stop":
		p := s.part(t, argument)
		if argument == "loki" {
			p.Kill() // a Loki that ends by itself waits for its tails first
			return
		}
		p.Stop(t)
	case "start":
		p := s.part(t, argument)
		p.Restart(t)
		p.WaitReady(t, p.ready)
	default:
		t.Fatalf("a script asks for %q, which nobody knows", verb)
	}
}

func (s *stage) part(t *testing.T, name string) part {
	t.Helper()
	p, ok := s.parts[name]
	if !ok {
		t.Fatalf("the stage has no part %q", name)
	}
	return p
}

// write adds lines of now to the syslog, each a microsecond after the one before.
func (s *stage) write(t *testing.T, texts []string) {
	t.Helper()
	var lines strings.Builder
	at := time.Now().UTC()
	for i, text := range texts {
		stamp := at.Add(time.Duration(i) * time.Microsecond).Format("2006-01-02T15:04:05.000000-07:00")
		fmt.Fprintf(&lines, "%s host-1 app[1]: %s\n", stamp, text)
	}
	servers.AppendFile(t, s.machine.path("syslog"), lines.String())
}

// pushElsewhere sends Loki a few lines of another environment.
func pushElsewhere(t *testing.T, lokiURL string) {
	t.Helper()
	var values []string
	for i := range 5 {
		values = append(values, fmt.Sprintf(`["%d", "a line of %d elsewhere"]`, time.Now().Add(time.Duration(i-60)*time.Second).UnixNano(), i))
	}
	body := `{"streams": [{"stream": {"job": "other", "service": "lonely", "env": "elsewhere", "level": "info"}, "values": [` + strings.Join(values, ",") + `]}]}`
	answer, err := http.Post(lokiURL+"/loki/api/v1/push", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Fatalf("Loki answers a push with status %d", answer.StatusCode)
	}
}

func screenshots(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		return dir
	}
	return t.TempDir()
}
