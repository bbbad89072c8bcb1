package dashboard

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// hostileName is a label value that somebody chose who wants to be seen: markup,
// control characters, and far too much of it.
var hostileName = "<img src=x onerror=alert(1)>\x1b[31m\u202e" + strings.Repeat("A", 10_000)

// history writes what exporters of PgBouncer said every 15 s until 10 min after
// now: OpenMetrics, as promtool reads it. Of instance "a", which two jobs scrape,
//   - 7 clients wait for two hours, none did before;
//   - the longest wait is 6 s for eight hours;
//   - nothing was scraped of active clients from 60 to 40 min ago;
//   - the pool of a database with a hostile name is 95 % used for five minutes.
func history(now time.Time) string {
	var out strings.Builder
	write := func(name, labels string, value func(ago time.Duration) (float64, bool)) {
		fmt.Fprintf(&out, "# TYPE %s gauge\n", name)
		for _, job := range []string{"pgbouncer", "pgbouncer-again"} {
			for ago := 8 * time.Hour; ago >= -10*time.Minute; ago -= 15 * time.Second {
				if v, ok := value(ago); ok {
					fmt.Fprintf(&out, "%s{job=%q,instance=\"a\"%s} %v %d\n", name, job, labels, v, now.Add(-ago).Unix())
				}
			}
		}
	}
	write("pgbouncer_pools_client_waiting_connections", `,database="app"`, func(ago time.Duration) (float64, bool) {
		if ago <= 2*time.Hour {
			return 7, true
		}
		return 0, true
	})
	write("pgbouncer_pools_client_maxwait_seconds", `,database="app"`, func(time.Duration) (float64, bool) { return 6, true })
	write("pgbouncer_pools_client_active_connections", `,database="app"`, func(ago time.Duration) (float64, bool) {
		return 3, ago > time.Hour || ago < 40*time.Minute
	})
	write("pgbouncer_pools_server_active_connections", `,database="`+hostileName+`"`, func(ago time.Duration) (float64, bool) {
		if ago <= 5*time.Minute {
			return 19, true
		}
		return 1, true
	})
	return out.String() + "# EOF\n"
}

// prometheusWith runs the real Prometheus with a history, and no targets.
func prometheusWith(t *testing.T, text string) *servers.Process {
	t.Helper()
	dir, port, bin := t.TempDir(), servers.FreePort(t), filepath.Join(servers.Root(t), "stack", "bin")
	file := servers.WriteFile(t, filepath.Join(dir, "history"), text)
	made, err := exec.Command(filepath.Join(bin, "promtool"), "tsdb", "create-blocks-from", "openmetrics", file, filepath.Join(dir, "tsdb")).CombinedOutput()
	if err != nil {
		t.Fatalf("promtool: %v: %s", err, made)
	}
	cmd := exec.Command(filepath.Join(bin, "prometheus"), "--config.file="+servers.WriteFile(t, filepath.Join(dir, "prometheus.yml"), "global: {}\n"),
		"--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address=127.0.0.1:"+port, "--log.level=warn")
	cmd.Env = os.Environ()
	return servers.Start(t, cmd, "http://127.0.0.1:"+port, "/-/ready")
}

// seriesAnswer is the answer of api/v1/health/{component}/series.
type seriesAnswer struct {
	Component string
	Start     time.Time
	StepMS    int64 `json:"step_ms"`
	Points    int
	Graphs    []struct {
		Name, Unit string
		Signals    []struct {
			ID, Reason        string
			Warning, Critical *float64
			More              int
			Lines             []struct {
				Name   string
				Values []*float64
			}
		}
	}
}

func TestSinceWhenSurvivesARestartAndGraphsHaveGaps(t *testing.T) {
	t.Parallel()
	now := time.Now()
	prometheus := prometheusWith(t, history(now))
	// A dashboard that has seen nothing yet, as after a restart.
	d := newDashboard(t, options{lokiURL: nowhere, prometheusURL: prometheus.URL})
	var got healthAnswer
	if status := d.get("health", nil, "HealthResponse", &got); status != 200 {
		t.Fatalf("status %d", status)
	}
	waiting, maxwait, pool := got.item(t, "pgbouncer/waiting"), got.item(t, "pgbouncer/maxwait"), got.item(t, "pgbouncer/pool")
	near := func(at *time.Time, ago, within time.Duration) bool {
		return at != nil && at.Sub(now.Add(-ago)).Abs() <= within
	}
	if waiting.Verdict != "warning" || waiting.Display != "7" || waiting.SinceBefore || !near(waiting.Since, 2*time.Hour, 3*time.Minute) {
		t.Errorf("waiting since two hours, scraped by two jobs: %+v since %v", waiting, waiting.Since)
	}
	if maxwait.Verdict != "critical" || !maxwait.SinceBefore || !near(maxwait.Since, 6*time.Hour, 3*time.Minute) {
		t.Errorf("maxwait since before what is looked at: %+v since %v", maxwait, maxwait.Since)
	}
	if pool.Verdict != "warning" || pool.Display != "95 %" || len(pool.Reason) > 400 || strings.ContainsAny(pool.Reason, "\x1b\u202e") {
		t.Errorf("a hostile name: %s %q in %d bytes: %.300q", pool.Verdict, pool.Display, len(pool.Reason), pool.Reason)
	}
	component := got.Components[2]
	if component.ID != "pgbouncer" || component.Verdict != "critical" || !near(component.Since, 6*time.Hour, 3*time.Minute) {
		t.Errorf("component: %s %s since %v", component.ID, component.Verdict, component.Since)
	}

	var series seriesAnswer
	params := url.Values{"start": {now.Add(-2 * time.Hour).Format(time.RFC3339)}, "end": {now.Format(time.RFC3339)}, "step": {"1m"}}
	if status := d.get("health/pgbouncer/series", params, "HealthSeriesResponse", &series); status != 200 {
		t.Fatalf("series: status %d", status)
	}
	if series.StepMS != 60_000 || series.Points != 121 || series.Start.Unix() != now.Add(-2*time.Hour).Unix() {
		t.Errorf("the grid is %v, %d ms, %d points", series.Start, series.StepMS, series.Points)
	}
	clients := series.Graphs[0]
	if clients.Name != "Clients" || clients.Unit != "count" || len(clients.Signals) != 2 || *clients.Signals[0].Warning != 1 {
		t.Fatalf("the first graph: %+v", clients)
	}
	active := clients.Signals[1].Lines
	if len(active) != 2 { // of the two jobs
		t.Fatalf("active clients have %d lines", len(active))
	}
	for i, value := range active[0].Values {
		ago := now.Sub(series.Start.Add(time.Duration(i) * time.Minute))
		// A value serves for five minutes after its scrape.
		gone := ago < 54*time.Minute && ago > 41*time.Minute
		there := ago > 61*time.Minute || ago < 39*time.Minute
		if (gone && value != nil) || (there && (value == nil || *value != 3)) {
			t.Errorf("%v ago the value is %v", ago, value)
		}
	}
	if queries := series.Graphs[len(series.Graphs)-1]; queries.Name != "Queries" || queries.Signals[0].Reason == "" || len(queries.Signals[0].Lines) != 0 {
		t.Errorf("a graph without values says why: %+v", queries)
	}
	if status := d.get("health/nobody/series", nil, "", &struct{}{}); status != 404 {
		t.Errorf("a component that there is not: status %d", status)
	}
	if status := d.get("health/pgbouncer/series", url.Values{"step": {"1s"}, "start": {"now-7d"}}, "", &struct{}{}); status != 400 {
		t.Errorf("too many points: status %d", status)
	}
}

func TestClocksThatAreMinutesApart(t *testing.T) {
	t.Parallel()
	now := time.Now()
	prometheus := prometheusWith(t, history(now))
	catalogue, err := health.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	// The dashboard's clock is an hour behind.
	clock := func() time.Time { return time.Now().Add(-time.Hour) }
	checker, err := health.New(health.Config{PrometheusURL: prometheus.URL, Catalogue: catalogue, Timeout: 20 * time.Second, Fresh: time.Minute, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, group := range checker.Check(context.Background()).Groups {
		for _, item := range group.Items {
			switch group.Component.ID + "/" + item.Signal.ID {
			case "pipeline/clock":
				found++
				if item.Verdict != health.Warning || item.Reason != "the clocks of Prometheus and of the dashboard differ by 60 min; a warning from 30 s" {
					t.Errorf("clock: %+v", item)
				}
			case "pgbouncer/waiting":
				found++
				if item.Verdict != health.Warning || item.Since.Sub(now.Add(-3*time.Hour)).Abs() > 3*time.Minute {
					t.Errorf("two hours before the dashboard's now is %v: %+v", now.Add(-3*time.Hour), item)
				}
			}
		}
	}
	if found != 2 {
		t.Errorf("%d of 2 signals were found", found)
	}
	graphs, err := checker.Series(context.Background(), "pgbouncer", clock().Add(-10*time.Minute), clock(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	values := graphs.Graphs[0].Signals[0].Lines[0].Values
	if len(values) != graphs.Points || math.IsNaN(values[len(values)-1]) || values[0] != 7 {
		t.Errorf("the newest values are there, by the dashboard's clock: %v", values)
	}
}
