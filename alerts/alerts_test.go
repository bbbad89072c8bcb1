// Package alerts_test checks every alert rule and the configurations that load
// them with the real tools: promtool and amtool for Prometheus and
// Alertmanager, Loki itself for its own rules.
package alerts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v4"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// tool runs a program of stack/bin, fails the test when it fails, and returns what it printed.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(servers.Root(t), "stack", "bin", name), args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	matches, err := filepath.Glob(pattern)
	if err != nil || len(matches) == 0 {
		t.Fatalf("no file matches %s (%v)", pattern, err)
	}
	return matches
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// rule is one rule of a file: an alert, or a recording.
type rule struct {
	File, Group string `yaml:"-"`

	Alert, Record, Expr, For string
	Labels, Annotations      map[string]string
}

// loadRules returns the rules of the files that match, in their order.
func loadRules(t *testing.T, patterns ...string) []rule {
	t.Helper()
	var all []rule
	for _, pattern := range patterns {
		for _, path := range files(t, pattern) {
			var file struct {
				Groups []struct {
					Name  string
					Rules []rule
				}
			}
			decode(t, path, &file)
			for _, group := range file.Groups {
				for _, r := range group.Rules {
					r.File, r.Group = path, group.Name
					all = append(all, r)
				}
			}
		}
	}
	return all
}

// alerts returns the alerts of Prometheus and of Loki.
func alerts(t *testing.T) []rule {
	t.Helper()
	all := loadRules(t, "prometheus/*.yml", "loki/fake/*.yml")
	return slices.DeleteFunc(all, func(r rule) bool { return r.Alert == "" })
}

func TestPrometheusRulesAreValid(t *testing.T) {
	tool(t, "promtool", append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, files(t, "prometheus/*.yml")...)...)
}

func TestPrometheusRulesFireAsTheyShould(t *testing.T) {
	for _, path := range files(t, "prometheus/tests/*.yml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			tool(t, "promtool", "test", "rules", path)
		})
	}
}

func TestConfigurationsAreValid(t *testing.T) {
	tool(t, "promtool", "check", "config", filepath.Join(servers.Root(t), "stack", "prometheus.yml"))
	tool(t, "amtool", "check-config", "alertmanager.yml")
}

// fired returns what the unit tests see fire: alert and severity.
func fired(t *testing.T) map[[2]string]bool {
	t.Helper()
	sample := regexp.MustCompile(`alertname="(\w+)", severity="(\w+)"`)
	seen := map[[2]string]bool{}
	for _, path := range files(t, "prometheus/tests/*.yml") {
		for _, match := range sample.FindAllStringSubmatch(read(t, path), -1) {
			seen[[2]string{match[1], match[2]}] = true
		}
	}
	return seen
}

// Each of the unit tests names all alerts of its file that fire at a moment, so the others are seen not to.
func TestEveryPrometheusAlertIsSeenToFire(t *testing.T) {
	seen := fired(t)
	for _, r := range loadRules(t, "prometheus/*.yml") {
		if r.Alert != "" && !seen[[2]string{r.Alert, r.Labels["severity"]}] {
			t.Errorf("%s: no unit test sees %s (%s) fire", r.File, r.Alert, r.Labels["severity"])
		}
	}
}

func TestEveryAlertSaysWhatItIsAndWhatToDo(t *testing.T) {
	severities := []string{"critical", "warning", "info"}
	components := []string{"backend", "pgbouncer", "postgres", "host", "containers", "probes", "pipeline", "logs"}
	for _, r := range alerts(t) {
		if severity := r.Labels["severity"]; !slices.Contains(severities, severity) && r.Alert != "Watchdog" {
			t.Errorf("%s: severity %q is none of %v", r.Alert, severity, severities)
		}
		if component := r.Labels["component"]; !slices.Contains(components, component) {
			t.Errorf("%s: component %q is none of %v", r.Alert, component, components)
		}
		if r.Annotations["summary"] == "" {
			t.Errorf("%s has no summary", r.Alert)
		}
		if text := r.Annotations["summary"] + r.Annotations["description"]; r.Annotations["description"] == "" || !strings.Contains(text, "{{") && !strings.HasPrefix(r.Expr, "absent(") {
			t.Errorf("%s: its description has no values: %q", r.Alert, r.Annotations["description"])
		}
		if got, want := r.Annotations["runbook_url"], "{{ $externalLabels.runbooks_url }}/"+r.Alert+".md"; got != want {
			t.Errorf("%s: runbook_url is %q, want %q", r.Alert, got, want)
		}
		if got := r.Annotations["dashboard"]; !strings.HasPrefix(got, "{{ $externalLabels.dashboard_url }}/") {
			t.Errorf("%s: dashboard is %q, which does not begin with the address of the dashboard", r.Alert, got)
		}
	}
}

func TestEveryAlertHasARunbookAndEveryRunbookAnAlert(t *testing.T) {
	named := map[string]bool{}
	for _, r := range alerts(t) {
		named[r.Alert] = true
	}
	for _, path := range files(t, "../docs/runbooks/*.md") {
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		if !named[name] {
			t.Errorf("%s: there is no alert %s", path, name)
		}
		delete(named, name)
		text := read(t, path)
		for _, part := range []string{"# " + name + "\n", "\n## First look at\n\n1. ", "\n3. ", "\n## How it ends\n"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s has no %q", path, part)
			}
		}
	}
	for name := range named {
		t.Errorf("%s has no runbook docs/runbooks/%s.md", name, name)
	}
}

// metricNames returns the names of metrics in a PromQL expression.
func metricNames(t *testing.T, expr string) []string {
	t.Helper()
	parsed, err := parser.ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	var names []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			names = append(names, selector.Name)
		}
		return nil
	})
	return names
}

// own tells whether a program of this project exports the metric.
func own(t *testing.T, name string) bool {
	t.Helper()
	return exec.Command("grep", "-rq", "--include=*.go", "--exclude=*_test.go", `"`+name+`"`, "../cmd", "../pipeline", "../internal").Run() == nil
}

func TestRulesUseMetricsThatExist(t *testing.T) {
	known := map[string]bool{}
	for line := range strings.Lines(read(t, "testdata/metrics.txt")) {
		known[strings.TrimSpace(line)] = true
	}
	rules := loadRules(t, "prometheus/*.yml")
	for _, r := range rules {
		if r.Record != "" {
			known[r.Record] = true
		}
	}
	for _, r := range rules {
		for _, name := range metricNames(t, r.Expr) {
			if !known[name] && !own(t, name) {
				t.Errorf("%s: nothing exports the metric %s of %s%s", r.File, name, r.Alert, r.Record)
			}
		}
	}
}
