package oracle

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// dockerConfig makes a label of each that Docker's discovery knows.
const dockerConfig = `
server: {http_listen_address: 127.0.0.1, http_listen_port: {port}, grpc_listen_port: 0, log_level: error}
positions: {filename: "{positions}", sync_period: 250ms}
clients: [{url: "{sink}/docker/loki/api/v1/push", batchwait: 100ms}]
scrape_configs:
- job_name: docker
  docker_sd_configs: [{host: "{host}", refresh_interval: 1s, filters: [{name: label, values: ["compared=yes"]}]}]
  relabel_configs:
  - {action: labelmap, regex: '__meta_docker_(.+)'}
  - {source_labels: [__address__], target_label: address}
  pipeline_stages:
  - docker: {}
  - json: {expressions: {level: , text: }}
  - labels: {level: }
  - output: {source: text}
`

// TestContainersAreSentAsPromtailSendsThem compares what is sent of a real
// engine's containers, which run meanwhile.
func TestContainersAreSentAsPromtailSendsThem(t *testing.T) {
	e := servers.DockerEngine(t)
	script := `echo one; echo two >&2; echo; printf 'with a return\r\n'; echo '{"level":"info","text":"some text"}'; printf 'ünï\ttab \\"q"\n'; echo ' spaces '; `
	long := `busybox head -c 40000 /dev/zero | busybox tr '\0' x; echo; echo behind; `
	for name, c := range map[string]struct {
		script string
		args   []string
	}{
		"file":     {script + long, []string{"--network=none"}},
		"local":    {script + long, []string{"--network=host", "--log-driver=local"}},
		"terminal": {script, []string{"--network=none", "--tty"}},
	} {
		args := append([]string{"run", "--detach", "--name=" + name, "--label=compared=yes", "--label=com.docker.compose.service=" + name}, c.args...)
		e.Docker(t, append(args, "busybox", "/bin/sh", "-c", c.script+"busybox sleep 120")...)
	}
	config := strings.ReplaceAll(dockerConfig, "{host}", e.Host)
	positions := func() string { return filepath.Join(t.TempDir(), "positions.yaml") }
	theirs, ours := startPromtail(t, config, newSink(t), positions()), startCollector(t, config, newSink(t), positions())
	const lines = 7 + 2 + 7 + 2 + 7
	var got [2][]string
	for i, s := range []*shipper{theirs, ours} {
		servers.Eventually(t, s.name+" has sent all", func() bool { return len(s.sink.of(t, "docker")) >= lines })
		all := s.sink.of(t, "docker")
		if len(all) != lines {
			t.Errorf("%s sent %d lines, want %d", s.name, len(all), lines)
		}
		for _, entry := range all {
			got[i] = append(got[i], mustJSON([]any{entry.labels, entry.time, entry.line, entry.meta}))
		}
		slices.Sort(got[i])
	}
	diff(t, got[0], got[1])
}
