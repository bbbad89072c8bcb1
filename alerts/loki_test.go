package alerts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// loadedRule is one rule as Loki's ruler returns it.
type loadedRule struct {
	Name      string
	Query     string
	Health    string
	LastError string
}

// lokiWithRules runs the real Loki with the shipped configuration, the rules of a folder, and more environment.
func lokiWithRules(t *testing.T, rules string, env ...string) *servers.Process {
	t.Helper()
	root, port := servers.Root(t), servers.FreePort(t)
	cmd := exec.Command(filepath.Join(root, "stack", "bin", "loki"),
		"-config.file="+filepath.Join(root, "stack", "loki.yaml"), "-config.expand-env=true")
	cmd.Env = append(append(os.Environ(), "DATA_DIR="+t.TempDir(), "LOKI_PORT="+port, "LOKI_GRPC_PORT="+servers.FreePort(t),
		"LOKI_RULES="+rules), env...)
	return servers.Start(t, cmd, "http://127.0.0.1:"+port, "/ready")
}

// rulesOf returns what the ruler has loaded, by name.
func rulesOf(t *testing.T, loki *servers.Process) map[string]loadedRule {
	t.Helper()
	var answer struct {
		Data struct {
			Groups []struct{ Rules []loadedRule }
		}
	}
	servers.GetJSON(t, loki.URL+"/prometheus/api/v1/rules", &answer)
	byName := map[string]loadedRule{}
	for _, group := range answer.Data.Groups {
		for _, r := range group.Rules {
			byName[r.Name] = r
		}
	}
	return byName
}

// firing returns the services for which a rule's query has a result now.
func firing(t *testing.T, loki *servers.Process, query string) map[string]bool {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	servers.GetJSON(t, loki.URL+"/loki/api/v1/query?"+url.Values{"query": {query}}.Encode(), &answer)
	services := map[string]bool{}
	for _, series := range answer.Data.Result {
		services[series.Metric["service"]] = true
	}
	return services
}

// push writes count error lines of a service, spread evenly from oldest to newest ago.
func push(t *testing.T, loki *servers.Process, service string, count int, oldest, newest time.Duration) {
	t.Helper()
	values := make([][2]string, count)
	for i := range values {
		ago := oldest - (oldest-newest)*time.Duration(i)/time.Duration(count)
		values[i] = [2]string{strconv.FormatInt(time.Now().Add(-ago).UnixNano(), 10), fmt.Sprintf("error %d", i)}
	}
	pushStream(t, loki, map[string]string{"service": service, "env": "test", "level": "error"}, values)
}

// pushStream writes lines with their times to a stream.
func pushStream(t *testing.T, loki *servers.Process, labels map[string]string, values [][2]string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": labels, "values": values}}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(loki.URL+"/loki/api/v1/push", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		answer, _ := io.ReadAll(resp.Body) // the status fails the test already
		t.Fatalf("push: %s %s", resp.Status, answer)
	}
}

func TestLokiLoadsItsRules(t *testing.T) {
	loki := lokiWithRules(t, filepath.Join(servers.Root(t), "alerts", "loki"))
	var loaded map[string]loadedRule
	servers.Eventually(t, "the ruler has its rules", func() bool {
		loaded = rulesOf(t, loki)
		return len(loaded) > 0
	})
	for _, want := range loadRules(t, "loki/fake/*.yml") {
		r, ok := loaded[want.Alert]
		if !ok {
			t.Errorf("the ruler has no rule %s", want.Alert)
			continue
		}
		if r.LastError != "" {
			t.Errorf("%s: %s", want.Alert, r.LastError)
		}
		firing(t, loki, want.Expr) // it is accepted as a query
	}
	// What LokiRulesFail and LokiAlertsAreLost ask for is born with the first rule.
	for _, name := range []string{
		"loki_ruler_config_last_reload_successful", "loki_prometheus_rule_evaluation_failures_total",
		"loki_prometheus_notifications_dropped_total", "loki_prometheus_notifications_alertmanagers_discovered",
	} {
		servers.Eventually(t, "Loki has the metric "+name, func() bool { return hasMetric(t, loki, name) })
	}
}

func hasMetric(t *testing.T, server *servers.Process, name string) bool {
	t.Helper()
	resp, err := http.Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(body, []byte("\n"+name+"{"))
}

func TestErrorsAboveUsual(t *testing.T) {
	loki := lokiWithRules(t, filepath.Join(servers.Root(t), "alerts", "loki"))
	var query string
	servers.Eventually(t, "the ruler has the rule", func() bool {
		query = rulesOf(t, loki)["ErrorsAboveUsual"].Query
		return query != ""
	})
	push(t, loki, "new", 20, time.Minute, time.Second)     // none in the hour before
	push(t, loki, "few", 5, time.Minute, time.Second)      // too few to tell
	push(t, loki, "usual", 300, time.Hour, 0)              // 25 in each 5 minutes
	push(t, loki, "more", 120, time.Hour, 6*time.Minute)   // 11 in each 5 minutes,
	push(t, loki, "more", 100, 4*time.Minute, time.Second) // and now 100
	got := firing(t, loki, query)
	for service, want := range map[string]bool{"new": true, "few": false, "usual": false, "more": true} {
		if got[service] != want {
			t.Errorf("%s: firing is %t, want %t", service, got[service], want)
		}
	}
}
