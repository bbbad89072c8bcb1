package dashboards

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/backend"
	"github.com/tovtech/tovplay-logging/test/servers"
	"github.com/tovtech/tovplay-logging/test/world"
)

const scrapeEvery = "2s"

// logScript prints what a backend prints, again and again.
const logScript = `
while :; do
  busybox date '+%H:%M:%S | ERROR | Cannot save the profile'
  busybox cat <<'END'
{"timestamp":"2026-01-01T00:00:00+00:00","level":"INFO","logger":"flask.request","message":"Request completed","service":"backend","correlation_id":"4f6c2a90-8a1e-4c37-9a55-3f4d2a7e9b10","method":"GET","path":"/api/users/42","status_code":200,"duration_ms":12.5}
{"timestamp":"2026-01-01T00:00:00+00:00","level":"ERROR","logger":"app","message":"Exception on /api/users/42 [GET]","service":"backend","correlation_id":"4f6c2a90-8a1e-4c37-9a55-3f4d2a7e9b10","exception":{"type":"AttributeError","message":"no attribute","traceback":["Traceback (most recent call last):\n","AttributeError: no attribute\n"]}}
[2026-01-01 00:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:12)
END
  busybox sleep 2
done`

// oomScript is killed for its memory twice, in processes that its container survives.
const oomScript = `busybox sleep 8; busybox tail /dev/zero; busybox sleep 3; busybox tail /dev/zero; while :; do busybox sleep 1; done`

// stack is the whole of it: a world, and what reads it.
type stack struct {
	world            *world.World
	loki, prometheus string
}

// newStack runs everything that the dashboards show, with the shipped configurations.
func newStack(t *testing.T) stack {
	t.Helper()
	w := world.New(t)
	// In the host's network, as production's: the engine has no other one of which there are figures.
	w.Engine.Docker(t, "run", "-d", "--name=tovplay-backend-log", "--label=com.docker.compose.service=backend", "--network=host", "--stop-signal=KILL",
		"busybox", "sh", "-c", logScript)
	w.RunContainer(t, "tovplay-greedy", "greedy", "16m", oomScript)

	alertmanager := runAlertmanager(t)
	internal := "127.0.0.1:" + servers.FreePort(t)
	targets := w.Targets()
	targets["backend"] = append(targets["backend"], servers.ScrapeTarget{Address: oneWorker(t), Labels: map[string]string{"env": "production"}})
	maps.Copy(targets, map[string][]servers.ScrapeTarget{
		"loki": {{Address: address(w.Loki)}}, "collector": {{Address: address(w.Collector)}},
		"alertmanager": {{Address: address(alertmanager)}}, "dashboard": {{Address: internal}},
	})
	prometheus := servers.PrometheusShipped(t, scrapeEvery, targets, rules(t))
	runDashboard(t, internal, w.Loki.URL, prometheus.URL)
	return stack{w, w.Loki.URL, prometheus.URL}
}

func address(p *servers.Process) string { return strings.TrimPrefix(p.URL, "http://") }

// rules are the alert and recording rules that Prometheus is given.
func rules(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../alerts/prometheus/*.yml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no rules (%v)", err)
	}
	all := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = string(text)
	}
	return all
}

// oneWorker is a backend of a single process, so that its counters can be trusted, with a load of which some fails.
func oneWorker(t *testing.T) string {
	t.Helper()
	b := backend.New(backend.Options{Env: "production", Workers: 1})
	server := servers.Serve(t, b)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			b.SetFailing(n%10 == 0)
			if resp, err := http.Get(server.URL + "/api/users/42"); err == nil {
				resp.Body.Close()
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return server.Address
}

func runAlertmanager(t *testing.T) *servers.Process {
	t.Helper()
	dir, port := t.TempDir(), servers.FreePort(t)
	cmd := exec.Command(filepath.Join(servers.Root(t), "stack", "bin", "alertmanager"),
		"--config.file="+servers.WriteFile(t, filepath.Join(dir, "alertmanager.yml"), "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"),
		"--storage.path="+dir, "--web.listen-address=127.0.0.1:"+port, "--cluster.listen-address=", "--log.level=warn")
	return servers.Start(t, cmd, "http://127.0.0.1:"+port, "/-/ready")
}

// runDashboard runs the dashboard, with its metrics at an address.
func runDashboard(t *testing.T, internal, loki, prometheus string) {
	t.Helper()
	port := servers.FreePort(t)
	cmd := exec.Command(filepath.Join(servers.Root(t), "bin", "dashboard"), "-listen", "127.0.0.1:"+port, "-internal-listen", internal,
		"-loki-url", loki, "-prometheus-url", prometheus, "-data-dir", t.TempDir())
	cmd.Env = append(os.Environ(), "DASHBOARD_ADMIN_PASSWORD="+servers.Password)
	servers.Start(t, cmd, "http://127.0.0.1:"+port, "/readyz")
}

// deadlock makes two transactions wait for each other, and waits until PostgreSQL has ended one.
func deadlock(t *testing.T, postgres *servers.Database) {
	t.Helper()
	db := postgres.Open(t, "app", "app")
	for _, statement := range []string{"CREATE TABLE IF NOT EXISTS pair (id int PRIMARY KEY, n int)", "INSERT INTO pair VALUES (1, 0), (2, 0) ON CONFLICT DO NOTHING"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	var both sync.WaitGroup
	locked := make(chan struct{}, 2)
	failed := make(chan error, 2)
	second := make(chan struct{})
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		both.Go(func() {
			tx, err := db.Begin()
			if err != nil {
				failed <- err
				locked <- struct{}{}
				return
			}
			defer tx.Rollback()
			_, err = tx.Exec("UPDATE pair SET n = n + 1 WHERE id = $1", order[0])
			locked <- struct{}{}
			<-second
			if err == nil {
				_, err = tx.Exec("UPDATE pair SET n = n + 1 WHERE id = $1", order[1])
			}
			failed <- err
		})
	}
	<-locked
	<-locked
	close(second)
	both.Wait()
	close(failed)
	for err := range failed {
		if err != nil && strings.Contains(err.Error(), "deadlock detected") {
			return
		}
	}
	t.Fatal("no transaction ended in a deadlock")
}

// sample is a value of a panel's query, or the number of lines of a panel of log lines.
type sample struct {
	labels map[string]string
	value  float64
}

// show asks what a query of a panel shows now. Series that are no number are none.
func (s stack) show(t *testing.T, d dashboard, p panel, expr, kind string) []sample {
	t.Helper()
	expr, _ = fill(expr, d, func(v variable) string { return v.AllValue })
	address := s.prometheus + "/api/v1/query?"
	params := url.Values{"query": {expr}}
	switch {
	case kind == "loki" && p.Type == "logs":
		address = s.loki + "/loki/api/v1/query_range?"
	case kind == "loki":
		address = s.loki + "/loki/api/v1/query?"
	}
	body := fetch(t, address+params.Encode())
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
				Values [][2]any
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v in %s", expr, err, body)
	}
	var all []sample
	for _, series := range answer.Data.Result {
		if series.Values != nil {
			all = append(all, sample{series.Metric, float64(len(series.Values))})
			continue
		}
		text, _ := series.Value[1].(string)
		if value, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(value) && !math.IsInf(value, 0) {
			all = append(all, sample{series.Metric, value})
		}
	}
	return all
}

func fetch(t *testing.T, address string) []byte {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %s (%v)", address, resp.Status, body, err)
	}
	return body
}

func TestEveryPanelHasDataAndFaultsShow(t *testing.T) {
	s := newStack(t)
	boards := load(t)
	empty := map[string]string{} // panels, by the query that shows nothing
	look := func() {
		clear(empty)
		for path, d := range boards {
			for _, p := range d.Panels {
				for _, target := range p.Targets {
					if len(s.show(t, d, p, target.Expr, target.Datasource.Type)) == 0 {
						empty[fmt.Sprintf("%s: %d %s %s", path, p.ID, p.Title, target.RefID)] = target.Expr
					}
				}
			}
		}
	}
	s.world.Backend.SetFailing(true) // for nginx's log
	deadline := time.Now().Add(2 * time.Minute)
	for look(); len(empty) > 0 && time.Now().Before(deadline); look() {
	}
	for _, key := range slices.Sorted(maps.Keys(empty)) {
		t.Errorf("no data: %s\n%s", key, empty[key])
	}

	deadlock(t, s.world.PostgreSQL)
	for _, fault := range []struct {
		uid   string
		panel int
	}{
		{"tovplay-postgres", 3}, {"tovplay-postgres", 23},
		{"tovplay-containers", 4}, {"tovplay-containers", 21}, {"tovplay-host", 6}, {"tovplay-host", 14},
	} {
		servers.Eventually(t, fmt.Sprintf("%s panel %d shows the fault", fault.uid, fault.panel), func() bool { return s.atLeastOne(t, boards, fault.uid, fault.panel) })
	}
}

// atLeastOne is whether a panel shows a value of one or more.
func (s stack) atLeastOne(t *testing.T, boards map[string]dashboard, uid string, id int) bool {
	t.Helper()
	for _, d := range boards {
		for _, p := range d.Panels {
			if d.UID == uid && p.ID == id {
				return slices.ContainsFunc(s.show(t, d, p, p.Targets[0].Expr, p.Targets[0].Datasource.Type), func(v sample) bool { return v.value >= 1 })
			}
		}
	}
	t.Fatalf("there is no panel %d in %s", id, uid)
	return false
}
