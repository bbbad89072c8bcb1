package dashboards

import (
	"context"
	"fmt"
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

const (
	scrapeEvery = "2s"
	dataWait    = 4 * time.Minute // until every panel has data; half a minute is usual
)

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

// stack is the whole of it: a world, and the Prometheus that reads it.
type stack struct {
	world      *world.World
	prometheus string // its address
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
	targets["alertmanager"] = []servers.ScrapeTarget{{Address: strings.TrimPrefix(alertmanager.URL, "http://")}}
	targets["dashboard"] = []servers.ScrapeTarget{{Address: internal}}
	prometheus := servers.PrometheusShipped(t, scrapeEvery, targets, rules(t))
	runDashboard(t, internal, w.Loki.URL, prometheus.URL)
	return stack{w, prometheus.URL}
}

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

// show asks what a query of a panel shows now: values, or the numbers of lines of streams. What is no number is not shown.
func (s stack) show(t *testing.T, d dashboard, p panel, expr, kind string, choose func(variable) string) []float64 {
	t.Helper()
	expr, _ = fill(expr, d, choose)
	address := s.prometheus + "/api/v1/query?"
	params := url.Values{"query": {expr}}
	switch {
	case kind == "loki" && p.Type == "logs":
		address = s.world.Loki.URL + "/loki/api/v1/query_range?"
	case kind == "loki":
		address = s.world.Loki.URL + "/loki/api/v1/query?"
	}
	var answer struct {
		Data struct {
			Result []struct {
				Value  [2]any
				Values [][2]any
			}
		}
	}
	servers.GetJSON(t, address+params.Encode(), &answer)
	var all []float64
	for _, series := range answer.Data.Result {
		if series.Values != nil {
			all = append(all, float64(len(series.Values)))
			continue
		}
		text, _ := series.Value[1].(string)
		if value, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(value) && !math.IsInf(value, 0) {
			all = append(all, value)
		}
	}
	return all
}

func TestEveryPanelHasDataAndFaultsShow(t *testing.T) {
	s := newStack(t)
	boards := load(t)
	s.world.Backend.SetFailing(true) // for nginx's log
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for choice, choose := range map[string]func(variable) string{
		"everything": everything,
		"one value":  func(v variable) string { return s.oneValue(t, v) },
	} {
		empty := s.look(t, boards, choose)
		for deadline := time.Now().Add(dataWait); len(empty) > 0 && time.Now().Before(deadline); empty = s.look(t, boards, choose) {
			<-tick.C
		}
		for _, panel := range empty {
			t.Errorf("no data when %s is chosen: %s", choice, panel)
		}
	}

	// What the data source's derived fields look for is there.
	servers.Eventually(t, "a line has its correlation id", func() bool {
		return len(servers.Query(t, s.world.Loki.URL, `{service="backend"} | correlation_id="4f6c2a90-8a1e-4c37-9a55-3f4d2a7e9b10"`)) > 0
	})

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

func everything(v variable) string { return v.AllValue }

// oneValue is a value that Grafana offers for a variable: production or the backend, if they are among them.
func (s stack) oneValue(t *testing.T, v variable) string {
	t.Helper()
	if v.Type == "datasource" {
		return ""
	}
	address := s.world.Loki.URL + "/loki/api/v1/label/" + v.Name + "/values"
	if v.Datasource.Type == "prometheus" {
		selector, label, found := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(v.Definition, "label_values("), ")"), ", ")
		if !found {
			t.Fatalf("variable %s: %s is not label_values(selector, label)", v.Name, v.Definition)
		}
		address = s.prometheus + "/api/v1/label/" + label + "/values?" + url.Values{"match[]": {selector}}.Encode()
	}
	var answer struct{ Data []string }
	servers.GetJSON(t, address, &answer)
	for _, want := range []string{"production", "backend"} {
		if slices.Contains(answer.Data, want) {
			return want
		}
	}
	if len(answer.Data) == 0 {
		return "none"
	}
	return answer.Data[0]
}

// look returns the panels that show nothing, and checks that shares and states are such.
func (s stack) look(t *testing.T, boards map[string]dashboard, choose func(variable) string) (empty []string) {
	t.Helper()
	for path, d := range boards {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				samples := s.show(t, d, p, target.Expr, target.Datasource.Type, choose)
				name := fmt.Sprintf("%s: panel %d (%s), query %s: %s", path, p.ID, p.Title, target.RefID, target.Expr)
				if len(samples) == 0 {
					empty = append(empty, name)
				}
				for _, value := range samples {
					share, state := p.FieldConfig.Defaults.Unit == string(Ratio), p.FieldConfig.Defaults.Unit == string(YesNo)
					if share && (value < 0 || value > 2) || state && value != 0 && value != 1 {
						t.Errorf("%s is %g", name, value)
					}
				}
			}
		}
	}
	slices.Sort(empty)
	return empty
}

// atLeastOne is whether a panel shows a value of one or more.
func (s stack) atLeastOne(t *testing.T, boards map[string]dashboard, uid string, id int) bool {
	t.Helper()
	for _, d := range boards {
		for _, p := range d.Panels {
			if d.UID == uid && p.ID == id {
				return slices.ContainsFunc(s.show(t, d, p, p.Targets[0].Expr, p.Targets[0].Datasource.Type, everything), func(v float64) bool { return v >= 1 })
			}
		}
	}
	t.Fatalf("there is no panel %d in %s", id, uid)
	return false
}
