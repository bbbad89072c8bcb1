package servers

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tovtech/tovplay-logging/test/pgbouncerexporter"
)

// DebianNodeExporter runs Debian's node_exporter, a version that hosts have.
func DebianNodeExporter(t testing.TB) *Process {
	t.Helper()
	return exporter(t, exec.Command(Debian(t, "prometheus-node-exporter", "prometheus-node-exporter")))
}

// PostgresExporter runs Debian's postgres_exporter for a PostgreSQL.
func PostgresExporter(t testing.TB, postgres *Database) *Process {
	t.Helper()
	cmd := exec.Command(Debian(t, "prometheus-postgres-exporter", "prometheus-postgres-exporter"))
	cmd.Env = append(os.Environ(), "DATA_SOURCE_NAME="+postgres.DSN("exporter", "app"))
	return exporter(t, cmd)
}

// NginxExporter runs Debian's exporter of nginx's stub_status at an address.
func NginxExporter(t testing.TB, stubStatus string) *Process {
	t.Helper()
	port := FreePort(t)
	cmd := exec.Command(Debian(t, "prometheus-nginx-exporter", "prometheus-nginx-exporter"),
		"-nginx.scrape-uri="+stubStatus, "-web.listen-address=127.0.0.1:"+port)
	return Start(t, cmd, "http://127.0.0.1:"+port, "/metrics")
}

// BlackboxExporter runs Debian's blackbox_exporter. Its module http_2xx is the
// shipped one, and trusts the authority whose certificate is in a file.
func BlackboxExporter(t testing.TB, authority string) *Process {
	t.Helper()
	config := WriteFile(t, filepath.Join(t.TempDir(), "blackbox.yml"),
		"modules: {http_2xx: {prober: http, http: {tls_config: {ca_file: "+authority+"}}}}\n")
	return exporter(t, exec.Command(Debian(t, "prometheus-blackbox-exporter", "prometheus-blackbox-exporter"), "--config.file="+config))
}

// Cadvisor runs the real cAdvisor for a Docker engine.
func Cadvisor(t testing.TB, engine *Engine) *Process {
	t.Helper()
	port := FreePort(t)
	cmd := exec.Command(program(t, "stack/bin", "cadvisor", "stack/build cadvisor"), "-listen=127.0.0.1:"+port,
		"-docker="+engine.Host, "-docker_only", "-global_housekeeping_interval=1s")
	return Start(t, cmd, "http://127.0.0.1:"+port, "/metrics")
}

// exporter runs one whose flags are those of Prometheus' own.
func exporter(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	port := FreePort(t)
	cmd.Args = append(cmd.Args, "--web.listen-address=127.0.0.1:"+port, "--log.level=warn")
	return Start(t, cmd, "http://127.0.0.1:"+port, "/metrics")
}

// PgBouncerExporter serves the metrics of a real PgBouncer.
func PgBouncerExporter(t testing.TB, pgbouncer *Database) *Local {
	t.Helper()
	return Serve(t, pgbouncerexporter.Handler(pgbouncer.DSN("exporter", "pgbouncer")))
}
