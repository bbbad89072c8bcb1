package servers

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Loki runs the real Loki with the configuration that the project ships.
func Loki(t testing.TB) *Process {
	t.Helper()
	return loki(t, filepath.Join(Root(t), "stack", "loki.yaml"))
}

// LokiWith runs the real Loki with the configuration that the project ships, in
// which each old text is replaced by a new one: old, new, old, new.
func LokiWith(t testing.TB, oldnew ...string) *Process {
	t.Helper()
	shipped, err := os.ReadFile(filepath.Join(Root(t), "stack", "loki.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(string(shipped), oldnew[i]) {
			t.Fatalf("stack/loki.yaml has no %q", oldnew[i])
		}
	}
	return loki(t, WriteFile(t, filepath.Join(t.TempDir(), "loki.yaml"), strings.NewReplacer(oldnew...).Replace(string(shipped))))
}

// Loki29 runs a Loki 2.9 with its own default limits: it takes no structured
// metadata. Old lines that were sent just now are found, unlike by default.
func Loki29(t testing.TB) *Process {
	t.Helper()
	config := WriteFile(t, filepath.Join(t.TempDir(), "loki.yaml"), strings.Replace(defaults, "v13", "v12", 1)+"ingester: {query_store_max_look_back_period: 192h}\n")
	return lokiOf(t, program(t, "stack/bin", "loki29", "stack/build loki29"), config)
}

// LokiWithDefaults runs the real Loki with its own default limits: only what
// it needs to run as one process is set.
func LokiWithDefaults(t testing.TB) *Process {
	t.Helper()
	return loki(t, WriteFile(t, filepath.Join(t.TempDir(), "loki.yaml"), defaults))
}

// defaults are what a Loki needs to run as one process.
const defaults = `
auth_enabled: false
server:
  http_listen_address: 127.0.0.1
  http_listen_port: ${LOKI_PORT}
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: ${LOKI_GRPC_PORT}
  log_level: warn
common:
  instance_addr: 127.0.0.1
  path_prefix: ${DATA_DIR}/loki
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
  storage: {filesystem: {chunks_directory: "${DATA_DIR}/loki/chunks", rules_directory: "${DATA_DIR}/loki/rules"}}
schema_config:
  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
analytics: {reporting_enabled: false}
`

func loki(t testing.TB, config string) *Process {
	t.Helper()
	return lokiOf(t, program(t, "stack/bin", "loki", "stack/build"), config)
}

// lokiOf runs a build of Loki with a configuration.
func lokiOf(t testing.TB, program, config string) *Process {
	t.Helper()
	dir, port := t.TempDir(), FreePort(t)
	cmd := exec.Command(program, "-config.file="+config, "-config.expand-env=true")
	cmd.Env = append(os.Environ(), "DATA_DIR="+dir, "LOKI_PORT="+port, "LOKI_GRPC_PORT="+FreePort(t),
		"LOKI_RULES="+makeDir(t, filepath.Join(dir, "rules")))
	return Start(t, cmd, "http://127.0.0.1:"+port, "/ready")
}

// Prometheus runs the real Prometheus, scraping targets (host:port) by job
// every second.
func Prometheus(t testing.TB, targets map[string]string) *Process {
	t.Helper()
	dir, port := t.TempDir(), FreePort(t)
	config := "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
	for job, target := range targets {
		config += fmt.Sprintf("- {job_name: %s, static_configs: [{targets: ['%s']}]}\n", job, target)
	}
	cmd := exec.Command(program(t, "stack/bin", "prometheus", "stack/build"),
		"--config.file="+WriteFile(t, filepath.Join(dir, "prometheus.yml"), config),
		"--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address=127.0.0.1:"+port, "--log.level=warn")
	return Start(t, cmd, "http://127.0.0.1:"+port, "/-/ready")
}

// ScrapeTarget is an address (host:port, or what a blackbox exporter probes)
// that Prometheus scrapes.
type ScrapeTarget struct {
	Address string
	Labels  map[string]string
}

// PrometheusShipped runs the real Prometheus with the configuration that the
// project ships, in which every 15 seconds are an interval that tests can wait
// for, with targets by job and with rules: texts by file name.
func PrometheusShipped(t testing.TB, interval string, targets map[string][]ScrapeTarget, rules map[string]string) *Process {
	t.Helper()
	shipped, err := os.ReadFile(filepath.Join(Root(t), "stack", "prometheus.yml"))
	if err != nil {
		t.Fatal(err)
	}
	dir, port := t.TempDir(), FreePort(t)
	config := strings.NewReplacer("15s", interval, "scrape_timeout: 10s", "scrape_timeout: "+interval).Replace(string(shipped))
	all := maps.Clone(targets)
	all["prometheus"] = []ScrapeTarget{{Address: "127.0.0.1:" + port}}
	for job, list := range all {
		// A job reads one of the two folders.
		for _, folder := range []string{"parts", "targets"} {
			WriteFile(t, filepath.Join(dir, folder, job+".yml"), fileSD(t, list))
		}
	}
	for name, text := range rules {
		WriteFile(t, filepath.Join(dir, "rules", name), text)
	}
	cmd := exec.Command(program(t, "stack/bin", "prometheus", "stack/build"),
		"--config.file="+WriteFile(t, filepath.Join(dir, "prometheus.yml"), config),
		"--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address=127.0.0.1:"+port, "--log.level=warn")
	return Start(t, cmd, "http://127.0.0.1:"+port, "/-/ready")
}

// fileSD is a list of targets as Prometheus reads it from a file.
func fileSD(t testing.TB, targets []ScrapeTarget) string {
	t.Helper()
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels,omitempty"`
	}
	var groups []group
	for _, target := range targets {
		groups = append(groups, group{[]string{target.Address}, target.Labels})
	}
	text, err := json.Marshal(groups)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// NodeExporter runs the real node_exporter.
func NodeExporter(t testing.TB) *Process {
	t.Helper()
	port := FreePort(t)
	cmd := exec.Command(program(t, "stack/bin", "node_exporter", "stack/build"),
		"--web.listen-address=127.0.0.1:"+port, "--log.level=warn")
	return Start(t, cmd, "http://127.0.0.1:"+port, "/")
}

// CollectorOptions are what a test's collector is run with.
type CollectorOptions struct {
	Config string   // a file; server.http_listen_port has to be ${COLLECTOR_PORT}
	Env    []string // besides COLLECTOR_PORT
	Dir    string   // its working folder
	// Port is where the server of a configuration listens that is taken as it is.
	// Without one the configuration says ${COLLECTOR_PORT}.
	Port  string
	Flags []string // besides -config.file
	// Program is another build than bin/collector.
	Program string
}

// Collector runs bin/collector and waits until it is ready.
func Collector(t testing.TB, opts CollectorOptions) *Process {
	t.Helper()
	if opts.Program == "" {
		opts.Program = program(t, "bin", "collector", "make build")
	}
	cmd := exec.Command(opts.Program, append(opts.Flags, "-config.file="+opts.Config)...)
	if opts.Port == "" {
		opts.Port = FreePort(t)
		cmd.Args = append(cmd.Args, "-config.expand-env")
	}
	cmd.Env = append(append(os.Environ(), "COLLECTOR_PORT="+opts.Port), opts.Env...)
	cmd.Dir = opts.Dir
	return Start(t, cmd, "http://127.0.0.1:"+opts.Port, "/ready")
}

// Promtail runs the real promtail with a configuration whose server listens on
// a port, and waits until it is ready.
func Promtail(t testing.TB, config, port string, flags ...string) *Process {
	t.Helper()
	cmd := exec.Command(program(t, "stack/bin", "promtail", "stack/build promtail"), append(flags, "-config.file="+config)...)
	return Start(t, cmd, "http://127.0.0.1:"+port, "/ready")
}

// Password is the dashboard's login (user admin) in tests.
const Password = "a-password-for-tests"

// Dashboard runs bin/dashboard against a Loki and a Prometheus, with further
// flags.
func Dashboard(t testing.TB, lokiURL, prometheusURL string, flags ...string) *Process {
	t.Helper()
	return DashboardAt(t, FreePort(t), append([]string{"-loki-url", lokiURL, "-prometheus-url", prometheusURL}, flags...))
}

// DashboardAt runs bin/dashboard on a port, with flags and variables of the
// environment.
func DashboardAt(t testing.TB, port string, flags []string, env ...string) *Process {
	t.Helper()
	cmd := exec.Command(program(t, "bin", "dashboard", "make build"), append([]string{
		"-listen", "127.0.0.1:" + port, "-internal-listen", "127.0.0.1:" + FreePort(t), "-data-dir", t.TempDir()}, flags...)...)
	cmd.Env = append(append(os.Environ(), "DASHBOARD_ADMIN_PASSWORD="+Password), env...)
	return Start(t, cmd, "http://127.0.0.1:"+port, "/readyz")
}

// Nginx runs the real nginx in front of a dashboard, with exactly the block
// that production has, and returns it; the page is at URL+"/logs/".
func Nginx(t testing.TB, upstream string) *Process {
	t.Helper()
	dir, port := t.TempDir(), FreePort(t)
	config := WriteFile(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf(`
daemon off; pid %[1]s/pid; error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server {
    listen 127.0.0.1:%[2]s;
    location = /alive { return 200; }
    location /logs/ { proxy_pass %[3]s/; }
  }
}
`, dir, port, upstream))
	cmd := exec.Command(Debian(t, "nginx", "nginx-light"), "-c", config, "-p", dir)
	return Start(t, cmd, "http://127.0.0.1:"+port, "/alive")
}
