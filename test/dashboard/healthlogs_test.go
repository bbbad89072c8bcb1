package dashboard

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestWithoutMetricsLinesTellTheHealth has no Prometheus: requests, failures and
// times come from nginx' and the backend's lines, PgBouncer's from its stats.
func TestWithoutMetricsLinesTellTheHealth(t *testing.T) {
	t.Parallel()
	lokiURL := servers.Loki(t).URL
	now := time.Now()
	var access, timed, completed []line
	for i := range 60 {
		at := now.Add(-time.Duration(i) * 2 * time.Second)
		stamp, status := at.Format("02/Jan/2006:15:04:05 -0700"), 200
		if i%20 == 0 {
			status = 502
		}
		access = append(access, line{at: at, text: fmt.Sprintf(`192.0.2.7 - - [%s] "GET /api/games HTTP/1.1" %d 15 "-" "Mozilla/5.0 (X) 500 "`, stamp, status)})
		timed = append(timed, line{at: at, text: fmt.Sprintf(`192.0.2.7 - - [%s] "GET /profile/42 HTTP/1.1" %d 19 "https://search.example/?q=a b" "-" rt=%d.500 uct="-" uht="-" urt="-" cid=18`, stamp, status, i%10/9)})
		completed = append(completed, line{at: at, text: fmt.Sprintf(`{"timestamp": %q, "level": "INFO", "message": "Request completed", "status_code": %d, "duration_ms": %d.25}`, at.UTC().Format(time.RFC3339Nano), status, 200+status)})
	}
	pushLines(t, lokiURL, `{service="nginx", env="production"}`, access...)
	pushLines(t, lokiURL, `{service="nginx", env="staging"}`, timed...)
	pushLines(t, lokiURL, `{service="backend", env="production", stream="stdout"}`, completed...)
	pushLines(t, lokiURL, `{service="backend", env="production", stream="stderr"}`,
		line{at: now, text: "[2026-03-01 12:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:9)"})
	pushLines(t, lokiURL, `{service="pgbouncer"}`,
		line{at: now.Add(-time.Minute), text: "2026-11-22 21:49:36.470 UTC [27933] LOG stats: 3 xacts/s, 10 queries/s, in 3 B/s, out 10 B/s, xact 1168 us, query 2000 us, wait 60000 us"},
		line{at: now, text: "2026-11-22 21:49:46.471 UTC [27933] LOG stats: 0 xacts/s, 20 queries/s, 1 client parses/s, in 0 B/s, out 0 B/s, xact 0 us, query 4000 us, wait 80000 us"})
	d := newDashboard(t, options{lokiURL: lokiURL, prometheusURL: nowhere})
	var got healthAnswer
	if status := d.get("health", nil, "HealthResponse", &got); status != 200 {
		t.Fatalf("status %d", status)
	}
	tests := []struct{ id, verdict, display, reason string }{
		{"backend_production/errors", "critical", "5 %", "5 % of the requests failed (5xx, last 5 min); critical from 1.4 %"},
		{"backend_production/requests", "ok", "0.2 /s", "0.2 /s (mean of 5 min)"},
		{"backend_production/p95", "ok", "400 ms", "95 % of the requests that succeed take less than 400 ms"},
		{"backend_production/failed_p95", "ok", "702 ms", "95 % of the requests that fail take less than 702 ms"},
		{"backend_production/saturation", "ok", "2.1 %", "2.1 % of the 4 workers are busy on average"},
		{"backend_production/killed", "warning", "1", "workers that gunicorn gave up on in the last 5 min (WORKER TIMEOUT, SIGKILL): 1; a warning from 1"},
		{"backend_staging/errors", "critical", "5 %", "5 % of the requests failed (5xx, last 5 min); critical from 1.4 %"},
		{"backend_staging/p50", "ok", "500 ms", "half of the requests that succeed take less than 500 ms"},
		{"backend_staging/p95", "warning", "1.5 s", "95 % of the requests that succeed take less than 1.5 s; a warning from 1 s"},
		{"backend_staging/killed", "no_data", "", "Loki has no lines that tell it"},
		{"backend_staging/up", "no_data", "", "Prometheus does not answer; check that it runs"},
		{"pgbouncer/queries", "ok", "15 /s", "15 /s (mean of 5 min)"},
		{"pgbouncer/query_time", "ok", "3 ms", "a query takes 3 ms (mean of 5 min)"},
		{"pgbouncer/wait_time", "warning", "70 ms", "a query waits 70 ms for a connection (mean of 5 min); a warning from 50 ms"},
		{"pgbouncer/waiting", "no_data", "", "Prometheus does not answer; check that it runs"},
	}
	for _, test := range tests {
		item := got.item(t, test.id)
		if item.Verdict != test.verdict || item.Display != test.display || item.Reason != test.reason {
			t.Errorf("%s: got %s, %q, %q; want %+v", test.id, item.Verdict, item.Display, item.Reason, test)
		}
	}
}

func TestLokiAcceptsEveryExpression(t *testing.T) {
	t.Parallel()
	client := lokiClient(t, servers.Loki(t).URL)
	catalogue, err := health.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, component := range catalogue.Components {
		for _, signal := range component.Signals {
			for _, e := range signal.Expressions {
				if e.LogQL == "" || asked[e.LogQL] {
					continue
				}
				asked[e.LogQL] = true
				if _, err := client.Metric(context.Background(), e.LogQL, time.Now().Add(-time.Hour), time.Now(), 5*time.Minute); err != nil {
					t.Errorf("%s/%s: %s: %v", component.ID, signal.ID, e.LogQL, err)
				}
				if !strings.HasPrefix(e.Metric, "{") {
					t.Errorf("%s/%s: metric %s is no selector", component.ID, signal.ID, e.Metric)
				}
			}
		}
	}
	if len(asked) < 10 {
		t.Errorf("only %d expressions were asked", len(asked))
	}
}
