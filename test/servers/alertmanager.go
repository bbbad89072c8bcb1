package servers

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
)

// Alertmanager runs the real Alertmanager with a configuration, beside which lie
// files of these names and texts.
func Alertmanager(t testing.TB, config string, files map[string]string) *Process {
	t.Helper()
	dir, port := t.TempDir(), FreePort(t)
	for name, text := range files {
		WriteFile(t, filepath.Join(dir, name), text)
	}
	cmd := exec.Command(program(t, "stack/bin", "alertmanager", "stack/build"),
		"--config.file="+WriteFile(t, filepath.Join(dir, "alertmanager.yml"), config),
		"--storage.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:"+port, "--cluster.listen-address=", "--log.level=warn")
	return Start(t, cmd, "http://127.0.0.1:"+port, "/-/ready")
}

// PrometheusWithRules runs the real Prometheus with a file of rules, evaluated
// every second, that sends alerts to an Alertmanager (host:port) and scrapes
// targets by job.
func PrometheusWithRules(t testing.TB, rules, alertmanager string, targets map[string]string) *Process {
	t.Helper()
	dir, port := t.TempDir(), FreePort(t)
	config := fmt.Sprintf(`global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%s]
alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}
scrape_configs:
`, WriteFile(t, filepath.Join(dir, "rules.yml"), rules), alertmanager)
	for job, target := range targets {
		config += fmt.Sprintf("- {job_name: %s, static_configs: [{targets: ['%s']}]}\n", job, target)
	}
	cmd := exec.Command(program(t, "stack/bin", "prometheus", "stack/build"),
		"--config.file="+WriteFile(t, filepath.Join(dir, "prometheus.yml"), config),
		"--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address=127.0.0.1:"+port, "--log.level=warn")
	return Start(t, cmd, "http://127.0.0.1:"+port, "/-/ready")
}
