package world

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// unknown are the signals of which this world has nothing, and the beginning of
// the reason that the dashboard has to give.
var unknown = map[string]string{
	// Its four workers answer /metrics in turn, nginx' log format has no times, and
	// the backend prints none.
	"backend_production/p95":        "the workers of gunicorn answer /metrics in turn",
	"backend_production/p50":        "the workers of gunicorn answer /metrics in turn",
	"backend_production/p99":        "the workers of gunicorn answer /metrics in turn",
	"backend_production/failed_p95": "the workers of gunicorn answer /metrics in turn",
	"backend_production/saturation": "the workers of gunicorn answer /metrics in turn",
	// Staging has no container, no log and no probes of /health.
	"backend_staging/memory":   "no container has such a name",
	"backend_staging/restarts": "no container has such a name",
	"backend_staging/killed":   "Loki has no lines that tell it",
	"backend_staging/direct":   "no target of the blackbox exporter has the labels",
	"backend_staging/nginx":    "no target of the blackbox exporter has the labels",
	// No dashboard and no Alertmanager run.
	"pipeline/index":        `Prometheus has no target "dashboard"`,
	"pipeline/index_lag":    `Prometheus has no target "dashboard"`,
	"pipeline/alertmanager": `Prometheus has no target "alertmanager"`,
}

// TestEverySignalIsFoundInRealExporters checks that each signal of the catalogue
// has a value, or that nothing happened that it could be made of, and each graph
// a line.
func TestEverySignalIsFoundInRealExporters(t *testing.T) {
	w := New(t)
	prometheus := servers.PrometheusShipped(t, interval, w.Targets(), nil)
	var checker *health.Checker
	var faults []string
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("not as expected:\n%s", strings.Join(faults, "\n"))
		}
	})
	servers.Eventually(t, "every signal is known", func() bool {
		checker = newChecker(t, prometheus.URL, w.Loki.URL) // one that remembers nothing
		faults = faultsOf(checker.Check(context.Background()))
		return len(faults) == 0
	})
	for _, component := range []string{"backend_production", "backend_staging", "pgbouncer", "postgres", "host", "containers", "probes", "pipeline"} {
		graphs, err := checker.Series(context.Background(), component, time.Now().Add(-time.Minute), time.Now(), 2*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, graph := range graphs.Graphs {
			for _, signal := range graph.Signals {
				id := component + "/" + signal.Signal.ID
				if _, ok := unknown[id]; !ok && len(signal.Lines) == 0 && signal.Signal.Quiet == "" {
					t.Errorf("%s has no line in %q: %s", id, graph.Name, signal.Reason)
				}
			}
		}
	}
}

// newChecker returns a checker as the dashboard has it.
func newChecker(t *testing.T, prometheusURL, lokiURL string) *health.Checker {
	t.Helper()
	config := loki.DefaultConfig()
	config.URL = lokiURL
	client, err := loki.New(config)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := health.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	checker, err := health.New(health.Config{
		PrometheusURL: prometheusURL, Catalogue: catalogue, Timeout: 20 * time.Second, Now: time.Now,
		Probes: map[string]func(context.Context) error{"loki": client.Ready},
		Logs: func(ctx context.Context, query string, r v1.Range) (model.Matrix, error) {
			return client.Metric(ctx, query, r.Start, r.End, r.Step)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return checker
}

// faultsOf says what is not as expected.
func faultsOf(report health.Report) []string {
	var faults []string
	for _, group := range report.Groups {
		for _, item := range group.Items {
			id := group.Component.ID + "/" + item.Signal.ID
			reason, expected := unknown[id]
			if expected != (item.Verdict == health.NoData) || !strings.HasPrefix(item.Reason, reason) {
				faults = append(faults, fmt.Sprintf("%s is %s %q: %s", id, item.Verdict, item.Display, item.Reason))
			}
		}
	}
	slices.Sort(faults)
	return faults
}
