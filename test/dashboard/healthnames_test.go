package dashboard

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// sample is a series that grows by a step every 15 s.
type sample struct {
	series      string
	value, step float64
}

// otherNames are what exporters say that the tests with real ones do not run:
// Debian's PgBouncer exporter 1.7, postgres_exporter 0.15 (whose settings have the
// label server, and whose databases have not) and a kernel without PSI, promtail,
// and a backend with PROMETHEUS_MULTIPROC_DIR.
var otherNames = []sample{
	{`up{job="pgbouncer",instance="b"}`, 1, 0},
	{`pgbouncer_active_clients{job="pgbouncer",instance="b",database="app"}`, 190, 0},
	{`pgbouncer_waiting_clients{job="pgbouncer",instance="b",database="app"}`, 10, 0},
	{`pgbouncer_waiting_clients{job="pgbouncer",instance="b",database="pgbouncer"}`, 500, 0},
	{`pgbouncer_requests_total{job="pgbouncer",instance="b",database="app"}`, 0, 150},
	{`pgbouncer_query_microseconds_total{job="pgbouncer",instance="b",database="app"}`, 0, 600_000},
	{`pg_up{job="postgres",instance="p"}`, 1, 0},
	{`pg_settings_max_connections{job="postgres",instance="p",server="127.0.0.1:5432"}`, 100, 0},
	{`pg_stat_database_numbackends{job="postgres",instance="p",datid="1",datname="app"}`, 96, 0},
	{`pg_stat_database_blks_hit{job="postgres",instance="p",datid="1",datname="app"}`, 0, 90_000},
	{`pg_stat_database_blks_read{job="postgres",instance="p",datid="1",datname="app"}`, 0, 10_000},
	{`node_disk_io_time_seconds_total{job="node",instance="n",device="vda"}`, 0, 9},
	{`node_memory_SwapTotal_bytes{job="node",instance="n"}`, 0, 0},
	{`promtail_file_bytes_total{job="collector",instance="c",path="/a"}`, 2 << 20, 0},
	{`promtail_read_bytes_total{job="collector",instance="c",path="/a"}`, 1 << 20, 0},
	{`flask_http_request_duration_seconds_count{job="backend",instance="w",env="production",status="200"}`, 0, 98},
	{`flask_http_request_duration_seconds_count{job="backend",instance="w",env="production",status="503"}`, 0, 2},
	{`flask_http_request_duration_seconds_sum{job="backend",instance="w",env="production",status="200"}`, 0, 51},
	{`container_memory_working_set_bytes{job="cadvisor",instance="d",name="tovplay-backend",id="/docker/1"}`, 500 << 20, 0},
	{`container_spec_memory_limit_bytes{job="cadvisor",instance="d",name="tovplay-backend",id="/docker/1"}`, 0, 0},
	{`container_cpu_usage_seconds_total{job="cadvisor",instance="d",name="tovplay-backend",id="/docker/1",cpu="total"}`, 0, 3},
	{`probe_success{job="blackbox",instance="http://app.example.org"}`, 1, 0},
}

func TestNamesOfOtherExportersAndVersionsAreKnown(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var text strings.Builder
	for _, one := range otherNames {
		name, _, _ := strings.Cut(one.series, "{")
		if !strings.Contains(text.String(), "# TYPE "+name+" ") {
			fmt.Fprintf(&text, "# TYPE %s gauge\n", name) // as promtool takes any name
		}
		value := one.value
		for ago := 35 * time.Minute; ago >= -10*time.Minute; ago -= 15 * time.Second {
			fmt.Fprintf(&text, "%s %v %d\n", one.series, value, now.Add(-ago).Unix())
			value += one.step
		}
	}
	prometheus := prometheusWith(t, text.String()+"# EOF\n")
	d := newDashboard(t, options{lokiURL: nowhere, prometheusURL: prometheus.URL})
	var got healthAnswer
	if status := d.get("health", nil, "HealthResponse", &got); status != 200 {
		t.Fatalf("status %d", status)
	}
	tests := []struct{ id, verdict, display, reason string }{
		{"pgbouncer/up", "ok", "up", "answers its exporter"},
		{"pgbouncer/waiting", "warning", "10", "clients that wait for a connection: 10; a warning from 1"},
		{"pgbouncer/active", "ok", "190", "clients that have a connection: 190"},
		{"pgbouncer/clients", "ok", "20 %", "20 % of max_client_conn is in use"},
		{"pgbouncer/queries", "ok", "10 /s", "10 /s (mean of 5 min)"},
		{"pgbouncer/query_time", "ok", "4 ms", "a query takes 4 ms (mean of 5 min)"},
		{"postgres/connections", "critical", "96 %", "96 % of max_connections is in use; critical from 95 %"},
		{"postgres/cache_hit", "warning", "90 %", "90 % of the blocks were in memory (last 30 min); a warning at 95 % or less"},
		{"host/io", "warning", "60 %", "something waits for a disk 60 % of the time; a warning from 50 %"},
		{"host/swap", "ok", "", "there is no swap"},
		{"pipeline/lag", "ok", "1 MiB", "1 MiB not read yet"},
		{"backend_production/errors", "critical", "2 %", "2 % of the requests failed (5xx, last 5 min); critical from 1.4 %"},
		{"backend_production/requests", "ok", "6.7 /s", "6.7 /s (mean of 5 min)"},
		{"backend_production/saturation", "warning", "85 %", "85 % of the 4 workers are busy on average; a warning from 80 %"},
		{"backend_production/memory", "warning", "98 %", "98 % of the memory limit is in use (tovplay-backend); a warning from 90 %"},
		{"containers/memory", "ok", "", "no container has a memory limit"},
		{"containers/throttled", "ok", "", "no container has a CPU limit"},
		{"containers/cpu", "ok", "20 %", "tovplay-backend uses 20 % of a core"},
		{"probes/app", "ok", "up", "answers over HTTPS"},
		{"probes/certificate", "ok", "", "no probe uses HTTPS"},
	}
	for _, test := range tests {
		item := got.item(t, test.id)
		if item.Verdict != test.verdict || item.Display != test.display || item.Reason != test.reason {
			t.Errorf("%s: got %s, %q, %q; want %+v", test.id, item.Verdict, item.Display, item.Reason, test)
		}
	}
}
