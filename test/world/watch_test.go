package world

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// watch is what looks at a world: Prometheus with the alert rules, Alertmanager
// and the dashboard, all real and with the configurations that the project
// ships. Only their times are shorter, see hurry.
type watch struct {
	dashboard *servers.Process
	http      *http.Client
}

func newWatch(t *testing.T, w *World) *watch {
	t.Helper()
	const token = "a-token-for-tests"
	port := servers.FreePort(t)
	config := strings.ReplaceAll(readShipped(t, "alerts/alertmanager.yml"), "http://127.0.0.1:7778/", "http://127.0.0.1:"+port+"/")
	alertmanager := servers.Alertmanager(t, hurry(config), map[string]string{"dashboard-token": token})
	targets := w.Targets()
	targets["alertmanager"] = []servers.ScrapeTarget{{Address: strings.TrimPrefix(alertmanager.URL, "http://")}}
	prometheus := servers.PrometheusShipped(t, interval, targets, hurriedRules(t))
	v := &watch{dashboard: servers.DashboardAt(t, port, []string{
		"-loki-url", w.Loki.URL, "-prometheus-url", prometheus.URL, "-alertmanager-url", alertmanager.URL,
	}, "DASHBOARD_ALERTMANAGER_TOKEN="+token)}
	v.logIn(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Prometheus: %v", newPrometheus(t, prometheus.URL).query(t, "ALERTS"))
		}
	})
	waitForTwoScrapes(t, newPrometheus(t, prometheus.URL), targets)
	return v
}

// waitForTwoScrapes waits until a counter that grows now is seen to grow: until
// each target has been scraped twice.
func waitForTwoScrapes(t *testing.T, prometheus prometheus, targets map[string][]servers.ScrapeTarget) {
	t.Helper()
	for job, list := range targets {
		servers.Eventually(t, job+" was scraped twice", func() bool {
			return len(prometheus.query(t, `sum_over_time(up{job="`+job+`"}[1m]) >= 2`)) == len(list)
		})
	}
}

func readShipped(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(servers.Root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// hurriedRules are the shipped rules of Prometheus by file name.
func hurriedRules(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(servers.Root(t), "alerts", "prometheus", "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no rules in alerts/prometheus: %v", err)
	}
	rules := map[string]string{}
	for _, path := range paths {
		rules[filepath.Base(path)] = hurry(readShipped(t, "alerts/prometheus/"+filepath.Base(path)))
	}
	return rules
}

// hurry makes the times of rules, and of Alertmanager's groups, short enough to
// wait for: windows and offsets are 20 seconds, and what has to last lasts 2.
// Expressions, thresholds, labels and routes stay as they are.
func hurry(text string) string {
	for _, step := range []struct{ from, to string }{
		{`\[\d+[mhd]\]`, "[20s]"},
		{`\[\d+[mhd]:\d+[smh]\]`, "[20s:2s]"},
		{`offset \d+[mhd]`, "offset 20s"},
		{`(for|interval|group_wait|group_interval): \d+[smhd]`, "$1: 2s"},
	} {
		text = regexp.MustCompile(step.from).ReplaceAllString(text, step.to)
	}
	return text
}

func (v *watch) logIn(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v.http = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	resp, err := v.http.Post(v.dashboard.URL+"/api/v1/login", "application/json", strings.NewReader(fmt.Sprintf(`{"user":"admin","password":%q}`, servers.Password)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("login: status %d", resp.StatusCode)
	}
}

// get asks the dashboard's API and decodes its answer.
func (v *watch) get(t *testing.T, path string, into any) {
	t.Helper()
	resp, err := v.http.Get(v.dashboard.URL + "/api/v1/" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %d, %v: %s", path, resp.StatusCode, err, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("GET %s: %v in %s", path, err, text)
	}
}

// fired says whether an alert began to fire since a time.
func (v *watch) fired(t *testing.T, a alert, since time.Time) bool {
	t.Helper()
	return slices.ContainsFunc(v.episodes(t, a), func(e episode) bool { return !e.Start.Before(since) })
}

// fires says whether an alert fires still.
func (v *watch) fires(t *testing.T, a alert) bool {
	t.Helper()
	return slices.ContainsFunc(v.episodes(t, a), func(e episode) bool { return e.End == nil })
}

// episode is a time for which an alert fired.
type episode struct {
	Severity string
	Start    time.Time
	End      *time.Time // nil while it fires
	Inferred bool       // nobody told the dashboard that it ended
}

// episodes returns those of an alert that the dashboard knows.
func (v *watch) episodes(t *testing.T, a alert) []episode {
	t.Helper()
	var answer struct {
		Rows []struct {
			Name     string
			Episodes []episode
		}
	}
	v.get(t, "alerts/timeline", &answer)
	var all []episode
	for _, row := range answer.Rows {
		if row.Name == a.name {
			all = append(all, row.Episodes...)
		}
	}
	return slices.DeleteFunc(all, func(e episode) bool { return e.Severity != a.severity })
}

// shows says whether the dashboard's health says what a signal expects.
func (v *watch) shows(t *testing.T, want signal) bool {
	t.Helper()
	var answer struct {
		Components []struct {
			ID      string
			Signals []struct{ ID, Verdict, Reason string }
		}
	}
	v.get(t, "health", &answer)
	for _, component := range answer.Components {
		for _, s := range component.Signals {
			if component.ID+"/"+s.ID == want.id {
				return s.Verdict == want.verdict && strings.Contains(s.Reason, want.reason)
			}
		}
	}
	t.Fatalf("the dashboard's health has no signal %s", want.id)
	return false
}

// openPage opens the dashboard's page in a browser, and returns when it shows
// faults. What it returns waits until the page shows that they have ended.
// Screenshots are in $SCREENSHOTS, if it is set.
func (v *watch) openPage(t *testing.T, faults []fault) (sawTheEnd func(*testing.T)) {
	t.Helper()
	var signals, alerts []string
	for _, f := range faults {
		for _, s := range f.signals {
			signals = append(signals, map[bool]string{true: "~"}[s.lasting]+s.id+"="+s.verdict)
		}
		if f.mend == nil {
			continue // its alert may have ended already
		}
		for _, a := range f.alerts {
			alerts = append(alerts, a.name+"="+a.severity)
		}
	}
	cmd := exec.Command("node", filepath.Join(servers.Root(t), "test", "browser", "faults.mjs"))
	cmd.Env = append(os.Environ(), "BASE_URL="+v.dashboard.URL+"/", "USER=admin", "PASSWORD="+servers.Password,
		"OUT_DIR="+cmp.Or(os.Getenv("SCREENSHOTS"), t.TempDir()), "SIGNALS="+strings.Join(signals, " "), "ALERTS="+strings.Join(alerts, " "))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "FAULTS_SEEN" {
		t.Log(lines.Text())
	}
	return func(t *testing.T) {
		t.Helper()
		for lines.Scan() {
			t.Log(lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the page does not show faults and their end: %v", err)
		}
	}
}
