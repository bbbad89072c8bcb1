package alerts_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// dashboard is the real one, with somebody logged in.
type dashboard struct {
	*servers.Process
	client http.Client
}

func newDashboard(t *testing.T, port, alertmanagerURL string) dashboard {
	t.Helper()
	address := "127.0.0.1:" + port
	cmd := exec.Command(filepath.Join(servers.Root(t), "bin", "dashboard"), "-listen", address,
		"-internal-listen", "127.0.0.1:"+servers.FreePort(t), "-loki-url", "http://127.0.0.1:1", "-prometheus-url", "http://127.0.0.1:1",
		"-alertmanager-url", alertmanagerURL, "-data-dir", t.TempDir())
	cmd.Env = append(os.Environ(), "DASHBOARD_ADMIN_PASSWORD="+servers.Password, "DASHBOARD_ALERTMANAGER_TOKEN="+webhookToken)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := dashboard{servers.Start(t, cmd, "http://"+address, "/readyz"), http.Client{Jar: jar}}
	body, err := json.Marshal(map[string]string{"user": "admin", "password": servers.Password})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := d.client.Post(d.URL+"/api/v1/login", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("login: %s", resp.Status)
	}
	return d
}

func (d dashboard) get(t *testing.T, path string, into any) {
	t.Helper()
	resp, err := d.client.Get(d.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s (%v)", path, resp.Status, err)
	}
}

// firing returns the alerts that fire, with service and environment, and their numbers.
func (d dashboard) firing(t *testing.T) map[string]int {
	t.Helper()
	var answer struct {
		Firing []struct {
			ID                 int
			Name, Service, Env string
		}
	}
	d.get(t, "/api/v1/alerts", &answer)
	alerts := map[string]int{}
	for _, a := range answer.Firing {
		alerts[strings.Join([]string{a.Name, a.Service, a.Env}, " ")] = a.ID
	}
	return alerts
}

// fastRules copies the rules on logs with nothing to wait for: they are evaluated each second, fire at once, and look at
// 20 seconds for 5 minutes.
func fastRules(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	wait := regexp.MustCompile(`for: \w+`)
	for _, path := range files(t, "loki/fake/*.yml") {
		text := strings.NewReplacer("interval: 1m", "interval: 1s", "[5m]", "[20s]").Replace(read(t, path))
		target := filepath.Join(dir, "fake", filepath.Base(path))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			t.Fatal(err)
		}
		servers.WriteFile(t, target, wait.ReplaceAllString(text, "for: 0s"))
	}
	return dir
}

// write puts each line count times into a stream, now.
func write(t *testing.T, loki *servers.Process, env, service, level string, count int, lines ...string) {
	t.Helper()
	var values [][2]string
	now := time.Now().UnixNano()
	for range count {
		for _, line := range lines {
			values = append(values, [2]string{strconv.FormatInt(now+int64(len(values)), 10), line})
		}
	}
	pushStream(t, loki, map[string]string{"env": env, "service": service, "level": level}, values)
}

const (
	request   = `192.0.2.1 - - [22/Nov/2026:21:54:57 +0000] "GET /api/games/500 HTTP/1.1" 200 19 "-" "agent \x22 500 9"`
	noBackend = `192.0.2.1 - - [22/Nov/2026:21:54:57 +0000] "GET /api/games HTTP/1.1" 502 157 "-" "-" rt=0.001`
	jsonError = `{"time":"2026-11-22T21:54:57+00:00","uri":"/","status":500,"bytes":19}`
)

// outage writes what makes every alert on logs fire: of production, and of staging a little that is none.
func outage(t *testing.T, loki *servers.Process) {
	t.Helper()
	write(t, loki, "production", "backend", "error", 600, "cannot connect to the database")
	write(t, loki, "production", "backend", "critical", 1,
		"[2026-11-22 21:54:57 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:13)",
		"[2026-11-22 21:54:57 +0000] [7] [ERROR] Worker (pid:13) was sent SIGKILL! Perhaps out of memory?")
	write(t, loki, "production", "nginx", "info", 20, request, noBackend)
	write(t, loki, "production", "nginx", "info", 10, jsonError)
	write(t, loki, "staging", "nginx", "info", 40, request)
	write(t, loki, "staging", "backend-next", "error", 1, "one error")
}

// wanted are the alerts on logs of an outage.
var wanted = []string{
	"BackendWorkerKilled backend production",
	"BackendWorkerTimeout backend production",
	"ErrorFlood backend production",
	"ErrorsAboveUsual backend production",
	"LogSourceSilent backend staging",
	"LogSourceSilent pgbouncer production",
	"LogSourceSilent postgresql production",
	"NginxBadGateway nginx production",
	"NginxErrorBudgetBurn nginx production",
	"NginxServerErrors nginx production",
}

// Real Loki, real Alertmanager and the real dashboard, with the shipped rules and configuration.
func TestAlertsOnLogsReachTheDashboardAndEnd(t *testing.T) {
	dashboardPort, alertmanagerPort := servers.FreePort(t), servers.FreePort(t)
	page := newDashboard(t, dashboardPort, "http://127.0.0.1:"+alertmanagerPort)
	am := alertmanager(t, alertmanagerPort, "127.0.0.1:"+dashboardPort)
	loki := lokiWithRules(t, fastRules(t), "ALERTMANAGER_URL="+am.URL,
		"DASHBOARD_URL=https://app.example.org/logs", "RUNBOOKS_URL=https://docs.example.org/runbooks")

	var got map[string]int
	begin := time.Time{}
	servers.Eventually(t, "every alert on logs fires in the dashboard", func() bool {
		if time.Since(begin) > 2*time.Second {
			outage(t, loki)
			begin = time.Now()
		}
		got = page.firing(t)
		return len(got) >= len(wanted)
	})
	for _, name := range wanted {
		if _, ok := got[name]; !ok {
			t.Errorf("%s does not fire", name)
		}
	}
	for name := range got {
		if !slices.Contains(wanted, name) {
			t.Errorf("%s fires", name)
		}
	}
	page.wasNotified(t, got)
	page.says(t, got["NginxServerErrors nginx production"])

	write(t, loki, "production", "pgbouncer", "info", 1, "stats: 0 xacts/s")
	write(t, loki, "production", "postgresql", "info", 1, "checkpoint complete")
	write(t, loki, "staging", "backend", "info", 1, "started")
	servers.Eventually(t, "they have ended", func() bool {
		got = page.firing(t)
		return len(got) == 0
	})
}

// wasNotified checks that not all alerts were found by the dashboard's own looks at Alertmanager.
func (d dashboard) wasNotified(t *testing.T, alerts map[string]int) {
	t.Helper()
	for _, id := range alerts {
		var answer struct{ Polled bool }
		d.get(t, "/api/v1/alerts/"+strconv.Itoa(id), &answer)
		if !answer.Polled {
			return
		}
	}
	t.Error("the dashboard found all alerts itself, no notification told of any")
}

// says checks what the dashboard knows of an alert: words with values, links, and no labels that are only there for links.
func (d dashboard) says(t *testing.T, id int) {
	t.Helper()
	var answer struct {
		Description string
		Labels      map[string]string
		Links       struct{ Runbook, Dashboard string }
	}
	d.get(t, "/api/v1/alerts/"+strconv.Itoa(id), &answer)
	if want := "% of the requests of the last 5 minutes got a 5xx."; !strings.Contains(answer.Description, want) || answer.Description == want {
		t.Errorf("description is %q, want a number and %q", answer.Description, want)
	}
	if got, want := answer.Links.Runbook, "https://docs.example.org/runbooks/NginxServerErrors.md"; got != want {
		t.Errorf("runbook is %q, want %q", got, want)
	}
	if got, want := answer.Links.Dashboard, "https://app.example.org/logs/health?c=backend_production"; got != want {
		t.Errorf("dashboard is %q, want %q", got, want)
	}
	for _, name := range []string{"dashboard_url", "runbooks_url"} {
		if value, ok := answer.Labels[name]; ok {
			t.Errorf("the alert has the label %s=%q", name, value)
		}
	}
}
