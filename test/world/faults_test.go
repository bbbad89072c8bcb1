package world

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// fault is a way to break the world, and what has to be seen of it: that an
// alert fires, got through Alertmanager's webhook and is in the dashboard, and
// that the verdict of a signal changes.
type fault struct {
	name    string
	inflict func(t *testing.T)
	mend    func(t *testing.T) // nil for an event: it is over, and its alert ends with the window that it is in
	alerts  []alert
	signals []signal
}

// alert is one by its name and severity. What is inhibited by a graver one of
// the same name is not waited for: nobody is told of it.
type alert struct{ name, severity string }

// signal is what the dashboard's health says of component/signal.
type signal struct {
	id, verdict string
	reason      string // a part of it
	// lasting signals look back for longer than a test waits: they are not waited
	// for after the fault has been mended.
	lasting bool
}

// TestFaultsAreSeenAndTheirEndToo breaks the world in three rounds: first all of
// it is worn, while the page is looked at too, then all of it is stopped, then
// the exporters are.
func TestFaultsAreSeenAndTheirEndToo(t *testing.T) {
	t.Parallel()
	w := New(t)
	rounds := []struct {
		name   string
		page   bool
		faults []fault
	}{
		{"worn", true, []fault{w.poolExhausted(t), w.deadlock(t), w.diskFull(t), w.outOfMemory(t), w.certificateEnds(t), w.requestsFail()}},
		{"stopped", false, []fault{w.pgbouncerStops(), w.postgresStops(), w.backendStops(), w.certificateExpired(), w.nodeExporterStops(), w.cadvisorStops()}},
		{"blind", false, []fault{w.pgbouncerExporterStops(), w.postgresExporterStops(), w.siteStops(), w.blackboxStops()}},
	}
	v := newWatch(t, w)
	for _, round := range rounds {
		ok := t.Run(round.name, func(t *testing.T) {
			v.waitUntilUnseen(t, round.faults)
			began := time.Now()
			for _, f := range round.faults {
				f.inflict(t)
			}
			v.waitUntilSeen(t, round.faults, began)
			pageSaw := func(*testing.T) {}
			if round.page {
				pageSaw = v.openPage(t, round.faults)
			}
			for _, f := range round.faults {
				if f.mend != nil {
					f.mend(t)
				}
			}
			v.waitUntilUnseen(t, round.faults)
			pageSaw(t)
		})
		if !ok {
			return // what is not mended would be seen in the next round
		}
	}
	// What Loki is asked for is asked once in a minute, and looks back for five.
	lines := signal{id: "backend_production/errors", verdict: "critical"}
	servers.Eventually(t, "failed requests of production are seen in what nginx writes", func() bool { return v.shows(t, lines) })
}

// waitUntilSeen waits until all of the faults are seen that began at a time.
func (v *watch) waitUntilSeen(t *testing.T, faults []fault, began time.Time) {
	t.Helper()
	for _, f := range faults {
		for _, a := range f.alerts {
			servers.Eventually(t, f.name+": "+a.name+", "+a.severity+", fires", func() bool { return v.fired(t, a, began) })
		}
		for _, s := range f.signals {
			servers.Eventually(t, f.name+": "+s.id+" is "+s.verdict, func() bool { return v.shows(t, s) })
		}
		t.Logf("%s: seen after %s", f.name, time.Since(began).Round(time.Second/10))
	}
}

// waitUntilUnseen waits until none of the faults is seen. The end of an event's
// window is not waited for.
func (v *watch) waitUntilUnseen(t *testing.T, faults []fault) {
	t.Helper()
	began := time.Now()
	for _, f := range faults {
		if f.mend == nil {
			continue
		}
		for _, a := range f.alerts {
			servers.Eventually(t, f.name+": "+a.name+", "+a.severity+", does not fire", func() bool { return !v.fires(t, a) })
			if slices.ContainsFunc(v.episodes(t, a), func(e episode) bool { return e.Inferred }) {
				t.Errorf("%s ended and the webhook did not tell it", a.name)
			}
		}
		for _, s := range f.signals {
			if !s.lasting {
				servers.Eventually(t, f.name+": "+s.id+" is not "+s.verdict, func() bool { return !v.shows(t, s) })
			}
		}
		t.Logf("%s: not seen after %s", f.name, time.Since(began).Round(time.Second/10))
	}
}

// poolExhausted: more clients keep a transaction open than PgBouncer has server
// connections for.
func (w *World) poolExhausted(t *testing.T) fault {
	const clients = 60
	db := w.PgBouncer.Open(t, "app", "app")
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	end := func() {
		cancel()
		running.Wait()
		db.Close()
	}
	t.Cleanup(end)
	return fault{
		name: "PgBouncer's pool is exhausted",
		inflict: func(t *testing.T) {
			for range clients {
				running.Go(func() {
					// Those that wait in vain are what is wanted.
					if tx, err := db.BeginTx(ctx, nil); err == nil {
						<-ctx.Done()
						tx.Rollback()
					}
				})
			}
		},
		mend:   func(t *testing.T) { end() },
		alerts: []alert{{"PgBouncerClientsWaiting", "critical"}, {"PgBouncerReserveInUse", "critical"}},
		signals: []signal{
			{id: "pgbouncer/waiting", verdict: "critical"}, {id: "pgbouncer/reserve", verdict: "critical"},
			{id: "pgbouncer/maxwait", verdict: "critical"},
		},
	}
}

// deadlock: two transactions update two rows, each the other one's first.
func (w *World) deadlock(t *testing.T) fault {
	db := w.PostgreSQL.Open(t, "app", "app")
	return fault{
		name: "PostgreSQL has a deadlock",
		inflict: func(t *testing.T) {
			must(t, db, "CREATE TABLE IF NOT EXISTS slots AS SELECT 1 AS id UNION SELECT 2")
			first, second := begin(t, db), begin(t, db)
			must(t, first, "UPDATE slots SET id = id WHERE id = 1")
			must(t, second, "UPDATE slots SET id = id WHERE id = 2")
			var both sync.WaitGroup
			both.Go(func() { first.Exec("UPDATE slots SET id = id WHERE id = 2"); first.Rollback() })
			both.Go(func() { second.Exec("UPDATE slots SET id = id WHERE id = 1"); second.Rollback() })
			both.Wait()
		},
		alerts:  []alert{{"PostgresDeadlocks", "warning"}},
		signals: []signal{{id: "postgres/deadlocks", verdict: "warning", lasting: true}},
	}
}

// diskFull: a small file system has no space left.
func (w *World) diskFull(t *testing.T) fault {
	dir := t.TempDir()
	image, mount := filepath.Join(dir, "disk"), filepath.Join(dir, "mount")
	full := filepath.Join(mount, "full")
	if err := errors.Join(os.Mkdir(mount, 0o755), os.WriteFile(image, make([]byte, 16<<20), 0o600)); err != nil {
		t.Fatal(err)
	}
	run(t, "mkfs.ext4", "-q", "-F", image)
	run(t, "mount", "-o", "loop", image, mount)
	t.Cleanup(func() { run(t, "umount", "--lazy", mount) }) // lazy: node_exporter may be looking at it
	return fault{
		name: "a disk is full",
		inflict: func(t *testing.T) {
			// It ends with "no space left".
			if err := os.WriteFile(full, make([]byte, 16<<20), 0o600); err == nil {
				t.Error("the small disk took more than it has")
			}
		},
		mend: func(t *testing.T) {
			if err := os.Remove(full); err != nil {
				t.Fatal(err)
			}
		},
		alerts:  []alert{{"HostDiskFull", "critical"}},
		signals: []signal{{id: "host/disk", verdict: "critical", reason: mount}},
	}
}

// outOfMemory: processes in a container take more than the container's limit. They
// are several: cAdvisor may have looked at a new container so late that the first
// is in the counter from its start.
func (w *World) outOfMemory(t *testing.T) fault {
	dir := t.TempDir()
	w.RunContainer(t, "tovplay-worker", "worker", "16m",
		"while [ ! -e /go/on ]; do busybox sleep 1; done; for n in 1 2 3 4 5 6; do busybox dd if=/dev/zero of=/dev/null bs=64M count=1; busybox sleep 5; done; while :; do busybox sleep 1; done",
		"--volume="+dir+":/go:ro")
	return fault{
		name:    "a container is out of memory",
		inflict: func(t *testing.T) { servers.WriteFile(t, filepath.Join(dir, "on"), "") },
		alerts:  []alert{{"ContainerOomKilled", "warning"}},
		signals: []signal{{id: "containers/oom", verdict: "warning", lasting: true}},
	}
}

func (w *World) certificateEnds(*testing.T) fault {
	return fault{
		name:    "a certificate ends the day after tomorrow",
		inflict: func(t *testing.T) { w.Site.Renew(t, time.Now().AddDate(0, 0, 2)) },
		mend:    func(t *testing.T) { w.Site.Renew(t, time.Now().AddDate(0, 0, 60)) },
		alerts:  []alert{{"CertificateExpires", "critical"}},
		signals: []signal{{id: "probes/certificate", verdict: "critical"}},
	}
}

// requestsFail: those of staging are counted by its own metrics; those of
// production are looked for at the end of the test.
func (w *World) requestsFail() fault {
	set := func(failing bool) func(*testing.T) {
		return func(*testing.T) {
			w.Backend.SetFailing(failing)
			w.Staging.SetFailing(failing)
		}
	}
	return fault{
		name: "requests fail", inflict: set(true), mend: set(false),
		alerts:  []alert{{"BackendErrorBudgetBurn", "critical"}},
		signals: []signal{{id: "backend_staging/errors", verdict: "critical", lasting: true}},
	}
}

func (w *World) pgbouncerStops() fault {
	return fault{
		name:    "PgBouncer is stopped",
		inflict: func(t *testing.T) { w.PgBouncer.Stop(t) },
		mend:    func(t *testing.T) { w.PgBouncer.Restart(t) },
		alerts:  []alert{{"PgBouncerDown", "critical"}},
		signals: []signal{{id: "pgbouncer/up", verdict: "critical"}},
	}
}

func (w *World) postgresStops() fault {
	return fault{
		name:    "PostgreSQL is stopped",
		inflict: func(t *testing.T) { w.PostgreSQL.Stop(t) },
		mend:    func(t *testing.T) { w.PostgreSQL.Restart(t) },
		alerts:  []alert{{"PostgresDown", "critical"}},
		signals: []signal{{id: "postgres/up", verdict: "critical"}},
	}
}

func (w *World) backendStops() fault {
	return fault{
		name:    "the backend is stopped",
		inflict: func(t *testing.T) { w.BackendServer.Stop() },
		mend:    func(t *testing.T) { w.BackendServer.Restart(t) },
		alerts:  []alert{{"BackendDown", "critical"}},
		signals: []signal{
			{id: "backend_production/up", verdict: "critical"},
			{id: "backend_production/direct", verdict: "critical"},
			{id: "backend_production/nginx", verdict: "critical"},
		},
	}
}

func (w *World) certificateExpired() fault {
	return fault{
		name:    "a certificate has expired",
		inflict: func(t *testing.T) { w.Site.Renew(t, time.Now().Add(-time.Hour)) },
		mend:    func(t *testing.T) { w.Site.Renew(t, time.Now().AddDate(0, 0, 60)) },
		alerts:  []alert{{"ProbeFailed", "critical"}},
		signals: []signal{{id: "probes/app", verdict: "critical"}},
	}
}

func (w *World) nodeExporterStops() fault {
	return exporterStops("node_exporter", w.Node, "TargetDown", signal{id: "host/memory", verdict: "no_data"})
}

// cadvisorStops is seen by its alert alone: its samples have times of their own,
// so that Prometheus goes on to show the last ones for 5 minutes.
func (w *World) cadvisorStops() fault {
	return exporterStops("cAdvisor", w.Cadvisor, "TargetDown")
}

func (w *World) postgresExporterStops() fault {
	return exporterStops("postgres_exporter", w.PostgresExporter, "PostgresDown", signal{id: "postgres/size", verdict: "no_data"})
}

func (w *World) blackboxStops() fault {
	return exporterStops("blackbox_exporter", w.Blackbox, "TargetDown", signal{id: "probes/app", verdict: "no_data"})
}

func (w *World) siteStops() fault {
	return fault{
		name:    "nginx is stopped",
		inflict: func(t *testing.T) { w.Site.Stop(t) },
		mend:    func(t *testing.T) { w.Site.Restart(t) },
		alerts:  []alert{{"NginxDown", "critical"}},
	}
}

func (w *World) pgbouncerExporterStops() fault {
	return fault{
		name:    "pgbouncer_exporter is stopped",
		inflict: func(t *testing.T) { w.PgBouncerExporter.Stop() },
		mend:    func(t *testing.T) { w.PgBouncerExporter.Restart(t) },
		alerts:  []alert{{"PgBouncerDown", "critical"}},
		signals: []signal{{id: "pgbouncer/waiting", verdict: "no_data"}},
	}
}

func exporterStops(name string, p *servers.Process, alertName string, signals ...signal) fault {
	return fault{
		name:    name + " is stopped",
		inflict: func(t *testing.T) { p.Stop(t) },
		mend:    func(t *testing.T) { p.Restart(t) },
		alerts:  []alert{{alertName, "critical"}},
		signals: signals,
	}
}

// run runs a program to its end.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// must runs a statement.
func must(t *testing.T, db interface {
	Exec(string, ...any) (sql.Result, error)
}, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
