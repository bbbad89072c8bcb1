package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// engineConfig is a plain promtail configuration for an engine.
const engineConfig = `
server:
  http_listen_address: 127.0.0.1
  http_listen_port: ${COLLECTOR_PORT}
clients: [{url: '${LOKI_URL}/loki/api/v1/push', batchwait: 100ms}]
positions: {filename: '${DATA_DIR}/positions.yaml', sync_period: 200ms}
scrape_configs:
- job_name: docker
  docker_sd_configs: [{host: '${DOCKER_HOST}'}]
  relabel_configs:
  - {source_labels: [__meta_docker_container_name], regex: '/(.*)', target_label: container}
  - {source_labels: [__meta_docker_container_log_stream], target_label: stream}
  - {source_labels: [__meta_docker_container_label_com_docker_compose_service], target_label: service}
  - {source_labels: [__meta_docker_network_name], target_label: network}
`

// collectEngine runs the collector on an engine; more is added to its
// configuration.
func collectEngine(t *testing.T, dir string, e *servers.Engine, lokiURL string, more ...string) *servers.Process {
	t.Helper()
	return servers.Collector(t, servers.CollectorOptions{
		Config: servers.WriteFile(t, filepath.Join(dir, "collector.yaml"), engineConfig+strings.Join(more, "\n")), Dir: dir,
		Env: []string{"LOKI_URL=" + lokiURL, "DATA_DIR=" + dir, "DOCKER_HOST=" + e.Host},
	})
}

// count is a shell script that writes numbered lines, some to stderr.
func count(n int, pause string) string {
	return fmt.Sprintf(`i=0; while [ $i -lt %d ]; do
if [ $((i%%10)) = 7 ]; then echo "line number $i" >&2; else echo "line number $i"; fi
i=$((i+1)); [ $((i%%50)) = 0 ] && busybox usleep %s; done; true`, n, pause)
}

// TestContainersByTheAPI reads a real engine's containers: json-file logs from
// disk, the others by the API, one with a terminal, one that had ended before
// and one that lives for a moment; the collector is killed, and the engine is
// started again.
func TestContainersByTheAPI(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	e := servers.DockerEngine(t)
	run := func(name, script string, args ...string) {
		t.Helper()
		args = append([]string{"run", "--network=none", "--name=" + name}, args...)
		e.Docker(t, append(args, "busybox", "/bin/sh", "-c", script)...)
	}
	long := `busybox head -c 100000 /dev/zero | busybox tr '\0' x; echo; busybox head -c 32768 /dev/zero | busybox tr '\0' y; echo; echo short >&2`
	run("exited", count(100, "0"), "--log-driver=local")
	run("never", "exit 0", "--log-driver=none")

	dir := t.TempDir()
	collector := collectEngine(t, dir, e, loki.URL)
	const n = 6000
	for _, driver := range []string{"json-file", "local"} {
		run(driver, count(n, "50000"), "--detach", "--log-driver="+driver, "--log-opt=max-size=100k", "--log-opt=max-file=5",
			"--label=com.docker.compose.service=shop")
	}
	run("long", long, "--log-driver=local")
	run("terminal", long, "--log-driver=local", "--tty")
	run("terminal-file", long, "--tty")
	run("moment", count(100, "100000"), "--rm", "--log-driver=local") // 0.2 s
	run("moment-file", count(100, "100000"), "--rm")

	arrived := func(name string, n int) {
		t.Helper()
		servers.Eventually(t, fmt.Sprintf("%d lines of %s have arrived", n, name), func() bool {
			return servers.Count(t, loki.URL, `sum(count_over_time({container="`+name+`"}[1h]))`) >= n
		})
	}
	arrived("moment", 100)
	arrived("moment-file", 100)
	for _, lines := range []int{1500, 2500, 3500, 4500} {
		arrived("local", lines)
		collector.Kill()
		collector = collectEngine(t, dir, e, loki.URL)
	}
	for _, name := range []string{"json-file", "local"} {
		if code := e.Docker(t, "wait", name); code != "0" {
			t.Fatalf("%s ended with %s", name, code)
		}
	}
	waitSettled(t, collector)
	e.Restart(t)
	e.Docker(t, "start", "exited", "terminal") // they write the same again
	arrived("exited", 200)
	waitSettled(t, collector)

	entries := func(name string) []servers.Entry {
		t.Helper()
		return servers.Query(t, loki.URL, `{container="`+name+`"}`)
	}
	for _, name := range []string{"json-file", "local"} {
		checkNumbers(t, name, entries(name), n)
	}
	for _, name := range []string{"moment", "moment-file"} {
		checkNumbers(t, name, entries(name), 100)
	}
	if got := entries("exited"); len(got) != 200 {
		t.Errorf("a container that wrote 100 lines, twice, gave %d", len(got))
	}
	for name, times := range map[string]int{"long": 1, "terminal": 2, "terminal-file": 1} {
		lines := map[string]int{}
		for _, entry := range entries(name) {
			lines[entry.Line]++
		}
		for _, line := range []string{strings.Repeat("x", 100000), strings.Repeat("y", 32768), "short"} {
			if lines[line] != times || len(lines) != 3 {
				t.Errorf("%s: %d lines, and %d times the one of %d bytes, want 3 and %d", name, len(lines), lines[line], len(line), times)
			}
		}
	}
	errors := servers.Query(t, loki.URL, `{container="local",stream="stderr",service="shop",network="none"}`)
	if len(errors) != n/10 {
		t.Errorf("%d lines on stderr with the labels, want %d", len(errors), n/10)
	}
	named := false
	for _, target := range servers.Targets(t, collector).Targets {
		named = named || target.State == "unreadable" && strings.Contains(target.Error, `"none"`)
	}
	if !named {
		t.Error("the container without a log is not named")
	}
}

// TestAnOutageDoesNotHoldUpTheAPI writes much more than memory takes while Loki is
// away: it is taken from the engine all the same, and waits on disk. The collector
// is killed meanwhile.
func TestAnOutageDoesNotHoldUpTheAPI(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	e := servers.DockerEngine(t)
	dir := t.TempDir()
	const n = 60000
	e.Docker(t, "run", "--detach", "--network=none", "--name=local", "--log-driver=local", "busybox", "/bin/sh", "-c",
		`i=0; while [ $i -lt 60000 ]; do echo "a line of some length, as lines are, so that memory is used up: line number $i"; i=$((i+1)); done; busybox sleep 600`)
	loki.Stop(t)
	memory := "memory: 1MiB"
	collector := collectEngine(t, dir, e, loki.URL, memory)
	drained := func(what string, bytes int64) {
		t.Helper()
		servers.Eventually(t, what, func() bool {
			for _, target := range servers.Targets(t, collector).Targets {
				if target.Kind == "docker" && target.ReadBytes >= bytes && target.LagBytes == 0 {
					return true
				}
			}
			return false
		})
	}
	drained("the half is taken", 2<<20)
	collector.Kill()
	collector = collectEngine(t, dir, e, loki.URL, memory)
	last := fmt.Sprint("line number ", n-1)
	loki.Restart(t)
	loki.WaitReady(t, "/ready")
	servers.Eventually(t, "the last line arrives", func() bool {
		return servers.Count(t, loki.URL, `sum(count_over_time({container="local"} |= "`+last+`" [1h]))`) >= 1
	})
	waitSettled(t, collector)
	checkNumbers(t, "local", servers.Query(t, loki.URL, `{container="local"}`), n)
}
