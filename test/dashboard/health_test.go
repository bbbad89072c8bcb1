package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// exporter is a scrape target whose metrics the test sets.
type exporter struct {
	*httptest.Server
	mu   sync.Mutex
	text string
}

func newExporter(t *testing.T, text string) *exporter {
	t.Helper()
	e := &exporter{text: text}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		fmt.Fprint(w, e.text)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *exporter) set(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = text
}

func (e *exporter) address() string { return strings.TrimPrefix(e.URL, "http://") }

// The names are those of pgbouncer_exporter 0.12.1 and of the collector.
const (
	pgbouncerMetrics = `pgbouncer_up %d
pgbouncer_pools_client_waiting_connections{database="app",user="app"} %d
pgbouncer_pools_client_waiting_connections{database="pgbouncer",user="admin"} 90
pgbouncer_pools_client_maxwait_seconds{database="app",user="app"} %v
`
	collectorMetrics = `promtail_build_info{version="x"} 1
collector_client_failing{client="loki"} 0
collector_lag_bytes{path="/a"} 1048576
collector_lag_bytes{path="/b"} 524288
`
	unreadableMetric = `collector_source_unreadable{source_job="system",path="/var/log/auth.log",reason="permission denied",user="collector",remedy="sudo usermod -aG adm collector"} 1
collector_source_unreadable{source_job="system",path="/var/log/syslog",reason="x",user="y",remedy="z"} 0
`
	droppedMetric = `promtail_dropped_entries_total{host="loki",reason="line_too_long",tenant=""} 3
`
)

func TestHealthReadsTheRealPrometheus(t *testing.T) {
	t.Parallel()
	pgbouncer := newExporter(t, fmt.Sprintf(pgbouncerMetrics, 1, 7, 6.5))
	collector := newExporter(t, collectorMetrics+unreadableMetric+droppedMetric)
	prometheus := servers.Prometheus(t, map[string]string{
		"node":      strings.TrimPrefix(servers.NodeExporter(t).URL, "http://"),
		"pgbouncer": pgbouncer.address(), "collector": collector.address(),
		"backend": "127.0.0.1:1", "loki": "127.0.0.1:1",
		"alertmanager": newExporter(t, "alertmanager_alerts 0\n").address(),
	})
	d := newDashboard(t, options{lokiURL: nowhere, prometheusURL: prometheus.URL})
	wait := func(what string, ok func(healthAnswer) bool) healthAnswer {
		t.Helper()
		var got healthAnswer
		servers.Eventually(t, what, func() bool {
			got = healthAnswer{}
			return d.get("health", nil, "HealthResponse", &got) == 200 && ok(got)
		})
		return got
	}
	verdict := func(id, want string) func(healthAnswer) bool {
		return func(h healthAnswer) bool { return h.item(t, id).Verdict == want }
	}

	got := wait("the host's CPU is known", func(h healthAnswer) bool { return h.item(t, "host/cpu").Verdict != "no_data" })
	for _, id := range []string{"host/cpu", "host/memory", "host/disk", "host/load"} {
		if item := got.item(t, id); item.Verdict == "no_data" || item.Value == nil || item.Display == "" || item.Warning == nil {
			t.Errorf("%s: %+v", id, item)
		}
	}
	tests := []struct{ id, verdict, display, reason string }{
		{"pgbouncer/up", "ok", "up", "answers its exporter"},
		{"pgbouncer/waiting", "warning", "7", "clients that wait for a connection: 7; a warning from 1"},
		{"pgbouncer/maxwait", "critical", "6.5 s", "the client first in line waits for 6.5 s; critical from 5 s"},
		{"postgres/up", "no_data", "", `Prometheus has no target "postgres"`},
		{"backend_production/up", "critical", "down", "does not answer (127.0.0.1:1): dial tcp 127.0.0.1:1: connect: connection refused"},
		{"pipeline/collector", "ok", "up", "runs"},
		{"pipeline/delivery", "ok", "works", "works"},
		{"pipeline/lag", "ok", "1.5 MiB", "1.5 MiB not read yet"},
		{"pipeline/drops", "warning", "3", "lines refused for good in the last 10 min: 3; a warning from 1"},
		{"pipeline/prometheus", "ok", "up", "answers"},
		{"pipeline/alertmanager", "ok", "up", "is ready"},
	}
	for _, test := range tests {
		item := got.item(t, test.id)
		if item.Verdict != test.verdict || item.Display != test.display || item.Reason != test.reason {
			t.Errorf("%s: got %s, %q, %q; want %+v", test.id, item.Verdict, item.Display, item.Reason, test)
		}
	}
	// Loki is asked directly, whatever Prometheus says.
	if item := got.item(t, "pipeline/loki"); item.Verdict != "critical" || !strings.HasPrefix(item.Reason, "does not answer: connection refused") {
		t.Errorf("loki: %+v", item)
	}
	if got.Verdict != "critical" || !strings.Contains(got.Detail, "One log source cannot be read") {
		t.Errorf("the summary is %s %q, the detail %q", got.Verdict, got.Summary, got.Detail)
	}
	if len(got.Unreadable) != 1 || got.Unreadable[0]["job"] != "system" || got.Unreadable[0]["path"] != "/var/log/auth.log" || got.Unreadable[0]["remedy"] != "sudo usermod -aG adm collector" {
		t.Errorf("unreadable: %v", got.Unreadable)
	}

	pgbouncer.set(fmt.Sprintf(pgbouncerMetrics, 0, 0, 0))
	got = wait("PgBouncer is seen to be down", verdict("pgbouncer/up", "critical"))
	if item := got.item(t, "pgbouncer/up"); item.Display != "down" || !strings.HasPrefix(item.Reason, "does not answer its exporter (127.0.0.1:") {
		t.Errorf("pgbouncer down: %+v", item)
	}
	pgbouncer.set("other_metric 1\n")
	got = wait("PgBouncer's metrics are gone", verdict("pgbouncer/up", "no_data"))
	if item := got.item(t, "pgbouncer/up"); item.Reason != `the target "pgbouncer" answers, but has no pgbouncer_up or pgbouncer_active_clients: another exporter or version?` {
		t.Errorf("another exporter: %q", item.Reason)
	}
	pgbouncer.Close()
	got = wait("the exporter is seen to be down", func(h healthAnswer) bool {
		return strings.Contains(h.item(t, "pgbouncer/up").Reason, "connection refused")
	})
	if item := got.item(t, "pgbouncer/up"); item.Verdict != "no_data" || !strings.HasPrefix(item.Reason, `the exporter "pgbouncer" (127.0.0.1:`) {
		t.Errorf("exporter down is not PgBouncer down: %+v", item)
	}
	prometheus.Stop(t)
	got = wait("Prometheus is seen to be away", verdict("pipeline/prometheus", "critical"))
	if item := got.item(t, "host/cpu"); item.Verdict != "no_data" || item.Reason != "Prometheus does not answer; check that it runs" {
		t.Errorf("host_cpu without Prometheus: %+v", item)
	}
}

func TestPrometheusAcceptsEveryExpression(t *testing.T) {
	t.Parallel()
	prometheus := servers.Prometheus(t, nil)
	client, err := api.NewClient(api.Config{Address: prometheus.URL})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := health.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, component := range catalogue.Components {
		for _, signal := range component.Signals {
			for _, e := range signal.Expressions {
				if e.Expr == "" {
					continue
				}
				if _, _, _, err := v1.NewAPI(client).Query(context.Background(), e.Expr, time.Now()); err != nil {
					t.Errorf("%s/%s: %s: %v", component.ID, signal.ID, e.Expr, err)
				}
			}
		}
	}
}
