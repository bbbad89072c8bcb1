// Package world is a whole production in small, for tests: PostgreSQL, PgBouncer,
// nginx, Docker and the host are real, so are their exporters, and a real
// Prometheus scrapes them with the configuration that the project ships. Their
// logs come into a real Loki through the collector, likewise. The backend is the
// one of test/backend; what it prints is printed again by a container.
package world

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/backend"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// World is what runs. Every part can be stopped and started again.
type World struct {
	PostgreSQL        *servers.Database
	PostgresExporter  *servers.Process
	PgBouncer         *servers.Database
	PgBouncerExporter *servers.Local
	Backend           *backend.Backend // of production, behind the site
	BackendServer     *servers.Local
	Staging           *backend.Backend
	StagingServer     *servers.Local
	Site              *servers.Site
	NginxExporter     *servers.Process
	Blackbox          *servers.Process
	Node              *servers.Process
	Engine            *servers.Engine
	Cadvisor          *servers.Process
	Loki              *servers.Process
	Collector         *servers.Process

	backendLog string // a file
}

// Workers of the backends: production's answer /metrics in turn, so that its
// counters tell nothing; staging's tell all.
const (
	ProductionWorkers = 4
	StagingWorkers    = 1
)

// Containers of the engine. The backend's has the limits of production.
const (
	BackendContainer = "tovplay-backend"
	LokiContainer    = "tovplay-loki"
)

// New starts all of it, and a small load, until the test ends. It needs root,
// for Docker: without, the test is skipped.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{Engine: servers.DockerEngine(t), backendLog: servers.WriteFile(t, filepath.Join(t.TempDir(), "backend.log"), "")}
	w.startDatabases(t)
	w.startBackends(t)
	w.startContainers(t)
	w.Node = servers.DebianNodeExporter(t)
	w.collect(t)
	w.load(t)
	return w
}

func (w *World) startDatabases(t testing.TB) {
	t.Helper()
	w.PostgreSQL = servers.PostgreSQL(t)
	w.PostgresExporter = servers.PostgresExporter(t, w.PostgreSQL)
	w.PgBouncer = servers.PgBouncer(t, w.PostgreSQL)
	w.PgBouncerExporter = servers.PgBouncerExporter(t, w.PgBouncer)
}

func (w *World) startBackends(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(w.backendLog, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	w.Backend = backend.New(backend.Options{Env: "production", Workers: ProductionWorkers, Log: log})
	w.BackendServer = servers.Serve(t, w.Backend)
	w.Staging = backend.New(backend.Options{Env: "staging", Workers: StagingWorkers})
	w.StagingServer = servers.Serve(t, w.Staging)
	authority := servers.NewAuthority(t)
	w.Site = servers.NewSite(t, w.BackendServer.URL, authority)
	w.NginxExporter = servers.NginxExporter(t, w.Site.Status)
	w.Blackbox = servers.BlackboxExporter(t, authority.File)
}

func (w *World) startContainers(t testing.TB) {
	t.Helper()
	w.RunContainer(t, BackendContainer, "backend", "512m", "exec busybox tail -n +1 -F /log/backend.log", "--volume="+filepath.Dir(w.backendLog)+":/log:ro")
	w.RunContainer(t, LokiContainer, "loki", "256m", "while :; do busybox sleep 1; done")
	w.Cadvisor = servers.Cadvisor(t, w.Engine)
}

// RunContainer starts a container of a compose service, with half a CPU and a
// limit of memory, that runs a shell script.
func (w *World) RunContainer(t testing.TB, name, service, memory, script string, options ...string) {
	t.Helper()
	args := append([]string{"run", "-d", "--name=" + name, "--network=none", "--stop-signal=KILL", "--cpus=0.5", "--memory=" + memory,
		"--memory-swap=" + memory, "--label=com.docker.compose.service=" + service, "--label=com.docker.compose.project=tovplay"}, options...)
	w.Engine.Docker(t, append(args, "busybox", "sh", "-c", script)...)
}

// collect runs the collector, with the configuration that the project ships,
// and the Loki that it sends to.
func (w *World) collect(t testing.TB) {
	t.Helper()
	shipped, err := os.ReadFile(filepath.Join(servers.Root(t), "stack", "collector.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	servers.WriteFile(t, filepath.Join(dir, "log", "syslog"), "") // without it the journal of this machine would be read
	config := strings.NewReplacer("/var/log/nginx", w.Site.Logs, "/var/log/postgresql/postgresql-", w.PostgreSQL.Logs+"/postgresql-",
		"/var/log/pgbouncer", w.PgBouncer.Logs, "/var/log", filepath.Join(dir, "log")).Replace(string(shipped))
	w.Loki = servers.Loki(t)
	w.Collector = servers.Collector(t, servers.CollectorOptions{
		Config: servers.WriteFile(t, filepath.Join(dir, "collector.yaml"), config), Dir: dir,
		Env: []string{"LOKI_URL=" + w.Loki.URL, "DATA_DIR=" + dir, "DOCKER_ROOT=" + w.Engine.Root, "TOVPLAY_ENV=production", "TOVPLAY_HOST=host-1", "TZ=UTC"},
	})
}

// Targets is what Prometheus has to scrape.
func (w *World) Targets() map[string][]servers.ScrapeTarget {
	exporter := func(p *servers.Process) []servers.ScrapeTarget {
		return []servers.ScrapeTarget{{Address: p.URL[len("http://"):]}}
	}
	probe := func(url, env, name string) servers.ScrapeTarget {
		return servers.ScrapeTarget{Address: url, Labels: map[string]string{"env": env, "probe": name, "__exporter__": w.Blackbox.URL[len("http://"):]}}
	}
	return map[string][]servers.ScrapeTarget{
		"backend": {
			{Address: w.BackendServer.Address, Labels: map[string]string{"env": "production"}},
			{Address: w.StagingServer.Address, Labels: map[string]string{"env": "staging"}},
		},
		"pgbouncer": {{Address: w.PgBouncerExporter.Address, Labels: map[string]string{"env": "production"}}},
		"postgres":  {{Address: w.PostgresExporter.URL[len("http://"):], Labels: map[string]string{"env": "production"}}},
		"nginx":     exporter(w.NginxExporter),
		"node":      exporter(w.Node),
		"cadvisor":  exporter(w.Cadvisor),
		"loki":      exporter(w.Loki),
		"collector": exporter(w.Collector),
		"blackbox": {
			probe(w.Site.HTTPS+"/", "production", "app"),
			probe(w.StagingServer.URL+"/", "staging", "staging"),
			probe(w.BackendServer.URL+"/health", "production", "direct"),
			probe(w.Site.URL+"/health", "production", "nginx"),
		},
	}
}

// loadEvery is the pause between two rounds of the load.
const loadEvery = 100 * time.Millisecond

// load asks the site and the database a little, until the test ends.
func (w *World) load(t testing.TB) {
	t.Helper()
	db := w.PgBouncer.Open(t, "app", "app")
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		every(ctx, func() {
			visit(ctx, w.Site.URL+"/api/users/42")
			visit(ctx, w.StagingServer.URL+"/api/games")
		})
	})
	running.Go(func() { every(ctx, func() { query(ctx, db) }) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

func every(ctx context.Context, round func()) {
	tick := time.NewTicker(loadEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			round()
		}
	}
}

// visit asks for a page. What fails is for the exporters to see.
func visit(ctx context.Context, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
}

// query asks the database. What fails is for the exporters to see.
func query(ctx context.Context, db *sql.DB) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var answer int
	db.QueryRowContext(ctx, "SELECT count(*) FROM pg_class").Scan(&answer)
}
