package alerts_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

const webhookToken = "token-of-an-alertmanager"

// alertmanager runs the real Alertmanager on a port, with the shipped configuration in which nothing waits, and notifications
// go to the dashboard at an address (host:port).
func alertmanager(t *testing.T, port, dashboard string) *servers.Process {
	t.Helper()
	dir := t.TempDir()
	config := strings.NewReplacer("127.0.0.1:7778", dashboard, "group_wait: 30s", "group_wait: 0s", "group_wait: 10s", "group_wait: 0s",
		"group_interval: 5m", "group_interval: 1s", "group_interval: 1m", "group_interval: 1s").Replace(read(t, "alertmanager.yml"))
	servers.WriteFile(t, filepath.Join(dir, "dashboard-token"), webhookToken)
	cmd := exec.Command(filepath.Join(servers.Root(t), "stack", "bin", "alertmanager"),
		"--config.file="+servers.WriteFile(t, filepath.Join(dir, "alertmanager.yml"), config), "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address=127.0.0.1:"+port, "--cluster.listen-address=", "--log.level=warn")
	return servers.Start(t, cmd, "http://127.0.0.1:"+port, "/-/ready")
}

func TestAlertsGoToTheirReceivers(t *testing.T) {
	for _, test := range []struct{ labels, want string }{
		{"alertname=BackendDown severity=critical env=production", "dashboard"},
		{"alertname=HostLoadHigh severity=warning", "dashboard"},
		{"alertname=HostRebooted severity=info", "dashboard"},
		{"alertname=Unknown", "dashboard"},
		{"alertname=Watchdog severity=none", "deadman"},
	} {
		args := append([]string{"config", "routes", "test", "--config.file=alertmanager.yml"}, strings.Fields(test.labels)...)
		if got := strings.TrimSpace(tool(t, "amtool", args...)); got != test.want {
			t.Errorf("%s goes to %q, want %q", test.labels, got, test.want)
		}
	}
}

// Every alert that an inhibition names exists.
func TestInhibitionsNameAlertsThatExist(t *testing.T) {
	var config struct {
		InhibitRules []struct {
			Source []string `yaml:"source_matchers"`
			Target []string `yaml:"target_matchers"`
		} `yaml:"inhibit_rules"`
	}
	decode(t, "alertmanager.yml", &config)
	var matchers []string
	for _, rule := range config.InhibitRules {
		matchers = append(matchers, append(rule.Source, rule.Target...)...)
	}
	known := map[string]bool{}
	for _, r := range alerts(t) {
		known[r.Alert] = true
	}
	for _, matcher := range matchers {
		for _, name := range namesOf(matcher) {
			if !known[name] {
				t.Errorf("%s: there is no alert %s", matcher, name)
			}
		}
	}
}

// namesOf returns the names that a matcher of alertname stands for: "alertname =~ A(B|C)|D" is AB, AC and D.
func namesOf(matcher string) []string {
	text, ok := strings.CutPrefix(matcher, "alertname")
	if !ok {
		return nil
	}
	text = strings.Trim(text, ` =~"`)
	var names []string
	for text != "" {
		end := strings.IndexAny(text, "|(")
		if end < 0 {
			return append(names, text)
		}
		if text[end] == '|' {
			names, text = append(names, text[:end]), text[end+1:]
			continue
		}
		inner, rest, _ := strings.Cut(text[end+1:], ")")
		for part := range strings.SplitSeq(inner, "|") {
			names = append(names, text[:end]+part)
		}
		text = strings.TrimPrefix(rest, "|")
	}
	return names
}

func TestNamesOfAMatcher(t *testing.T) {
	got := namesOf(`alertname =~ "A(B|C)|D|E(F)"`)
	if want := []string{"AB", "AC", "D", "EF"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// postAlerts gives alerts to an Alertmanager.
func postAlerts(t *testing.T, url string, alerts []map[string]string) {
	t.Helper()
	body := make([]any, len(alerts))
	for i, labels := range alerts {
		body[i] = map[string]any{"labels": labels}
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/api/v2/alerts", "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("post alerts: %s", resp.Status)
	}
}

// inhibited returns the alerts that Alertmanager keeps quiet, by name, severity and environment.
func inhibited(t *testing.T, url string) []string {
	t.Helper()
	var answer []struct {
		Labels map[string]string
		Status struct{ InhibitedBy []string }
	}
	servers.GetJSON(t, url+"/api/v2/alerts", &answer)
	var names []string
	for _, alert := range answer {
		if len(alert.Status.InhibitedBy) > 0 {
			names = append(names, strings.TrimSpace(alert.Labels["alertname"]+" "+alert.Labels["severity"]+" "+alert.Labels["env"]))
		}
	}
	slices.Sort(names)
	return names
}

func TestCausesHideTheirConsequencesInTheirOwnEnvironment(t *testing.T) {
	am := alertmanager(t, servers.FreePort(t), "127.0.0.1:1")
	postAlerts(t, am.URL, []map[string]string{
		{"alertname": "PostgresDown", "severity": "critical", "env": "staging", "instance": "g:1"},
		{"alertname": "BackendErrorBudgetBurn", "severity": "critical", "env": "staging", "window": "1h"},
		{"alertname": "BackendErrorBudgetBurn", "severity": "critical", "env": "production", "window": "1h"},
		{"alertname": "NginxErrorBudgetBurn", "severity": "critical", "env": "production", "service": "nginx"},
		{"alertname": "NginxErrorBudgetBurn", "severity": "critical", "env": "demo", "service": "nginx"},
		{"alertname": "PgBouncerClientsWaiting", "severity": "critical", "env": "staging", "instance": "p:1", "database": "app"},
		{"alertname": "BackendErrorBudgetBurn", "severity": "warning", "env": "production", "window": "1d"},
		{"alertname": "HostMemoryLow", "severity": "warning", "instance": "n:1"},
		{"alertname": "HostMemoryLow", "severity": "critical", "instance": "n:2"},
		{"alertname": "HostMemoryLow", "severity": "warning", "instance": "n:2"},
	})
	want := []string{
		"BackendErrorBudgetBurn critical staging", "BackendErrorBudgetBurn warning production", "HostMemoryLow warning",
		"NginxErrorBudgetBurn critical production", "PgBouncerClientsWaiting critical staging",
	}
	// An alert is judged when its group is sent, and again a second later.
	servers.Eventually(t, "only "+strings.Join(want, ", ")+" are inhibited", func() bool {
		return slices.Equal(inhibited(t, am.URL), want)
	})
}
