package oracle

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// reloadConfigs are taken up one after the other. With each one job gets other
// stages, one other targets, and one comes or goes; the third has other labels of
// the client.
var reloadConfigs = []string{
	reloadHead + `clients: [{url: "{sink}/plain/loki/api/v1/push", batchwait: 100ms}]
scrape_configs:
- job_name: stages
  static_configs: [{labels: {case: stages, __path__: '{dir}/stages.log'}}]
- job_name: targets
  static_configs: [{labels: {case: targets, __path__: '{dir}/targets-one.log'}}]
- job_name: first
  static_configs: [{labels: {case: first, __path__: '{dir}/first.log'}}]
`,
	reloadHead + `clients: [{url: "{sink}/plain/loki/api/v1/push", batchwait: 100ms}]
scrape_configs:
- job_name: stages
  static_configs: [{labels: {case: stages, __path__: '{dir}/stages.log'}}]
  pipeline_stages:
  - regex: {expression: '^(?P<word>\w+)'}
  - labels: {word: }
- job_name: targets
  static_configs: [{labels: {case: targets, __path__: '{dir}/targets-*.log'}}]
`,
	reloadHead + `clients: [{url: "{sink}/plain/loki/api/v1/push", batchwait: 100ms, external_labels: {cluster: b}}]
scrape_configs:
- job_name: stages
  static_configs: [{labels: {case: stages, more: 'yes', __path__: '{dir}/stages.log'}}]
  pipeline_stages:
  - match: {selector: '{case="stages"} |= "three"', action: drop}
- job_name: targets
  static_configs: [{labels: {case: targets, __path__: '{dir}/targets-two.log'}}]
- job_name: first
  static_configs: [{labels: {case: first, __path__: '{dir}/first.log'}}]
`,
}

const reloadHead = `
server: {http_listen_address: 127.0.0.1, http_listen_port: {port}, grpc_listen_port: 0, log_level: error, enable_runtime_reload: true}
positions: {filename: "{positions}", sync_period: 250ms}
target_config: {sync_period: 1s}
`

// reloading is a shipper whose configuration is rewritten.
type reloading struct {
	*shipper
	dir, config, port, positions string // of the logs; of the configuration; its port; its positions
}

// newReloading starts a shipper with the first configuration.
func newReloading(t *testing.T, name, dir string, start func(config, port string) *servers.Process) *reloading {
	t.Helper()
	own := t.TempDir()
	r := &reloading{
		shipper: &shipper{name: name, sink: newSink(t)}, dir: dir, config: filepath.Join(own, "config.yaml"),
		port: servers.FreePort(t), positions: filepath.Join(own, "positions.yaml"),
	}
	r.write(t, reloadConfigs[0])
	r.Process = start(r.config, r.port)
	return r
}

// write writes the configuration.
func (r *reloading) write(t *testing.T, text string) {
	t.Helper()
	servers.WriteFile(t, r.config, strings.NewReplacer("{dir}", r.dir, "{port}", r.port, "{positions}", r.positions, "{sink}", r.sink.url).Replace(text))
}

// byHTTP asks for a reload at /reload and returns the answer.
func (r *reloading) byHTTP(t *testing.T) (status int, text string) {
	t.Helper()
	resp, err := http.Post(r.URL+"/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// reloads are how many were taken up, and how many not.
func (r *reloading) reloads(t *testing.T) string {
	t.Helper()
	count := func(name string) float64 { return r.metrics(t)[name].GetMetric()[0].GetCounter().GetValue() }
	return fmt.Sprintf("%.0f and %.0f", count("promtail_config_reload_success_total"), count("promtail_config_reload_fail_total"))
}

func TestReloadsAreTakenUpAsPromtailTakesThemUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := []string{"stages.log", "targets-one.log", "targets-two.log", "first.log"}
	round := func(text string) {
		for _, name := range files {
			servers.AppendFile(t, filepath.Join(dir, name), text+" in "+name+"\n")
		}
	}
	began := time.Now()
	round("one")
	both := []*reloading{
		newReloading(t, "promtail", dir, func(config, port string) *servers.Process { return servers.Promtail(t, config, port) }),
		newReloading(t, "the collector", dir, func(config, port string) *servers.Process {
			return servers.Collector(t, servers.CollectorOptions{Config: config, Port: port})
		}),
	}
	sent := 0
	wait := func(more int) {
		t.Helper()
		sent += more
		for _, r := range both {
			servers.Eventually(t, fmt.Sprintf("%s has sent %d entries", r.name, sent), func() bool { return len(r.sink.of(t, "plain")) >= sent })
		}
	}
	wait(3) // stages, targets-one, first

	for _, r := range both {
		r.write(t, reloadConfigs[1])
		if status, text := r.byHTTP(t); status != http.StatusOK || text != "" {
			t.Errorf("%s: a reload is answered with %d %q", r.name, status, text)
		}
		if status, text := r.byHTTP(t); status != http.StatusInternalServerError || text != "failed to reload config: config has not changed\n" {
			t.Errorf("%s: a second one is answered with %d %q", r.name, status, text)
		}
	}
	wait(1) // targets-two from its beginning
	round("two")
	wait(3) // both targets, stages

	for _, r := range both {
		r.write(t, reloadHead+"clients: nonsense")
		if status, text := r.byHTTP(t); status != http.StatusInternalServerError || !strings.HasPrefix(text, "failed to reload config: ") {
			t.Errorf("%s: a broken configuration is answered with %d %q", r.name, status, text)
		}
	}
	round("three")
	wait(3) // as before

	for _, r := range both {
		r.write(t, reloadConfigs[2])
		if err := syscall.Kill(r.PID(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range both {
		servers.Eventually(t, r.name+" has reloaded", func() bool { return r.reloads(t) == "2 and 2" })
	}
	wait(2) // what first got meanwhile
	round("three and four")
	wait(2) // targets-two, first: of stages it is dropped
	round("five")
	wait(3)
	for _, r := range both {
		r.Stop(t)
	}
	c := compared{name: "reload"}
	read := span{began, time.Now()}
	want, got := byCase(both[0].sink.of(t, "plain"), dir), byCase(both[1].sink.of(t, "plain"), dir)
	for _, name := range []string{"stages", "targets", "first"} {
		c.compare(t, read, want[name], got[name])
	}
}
