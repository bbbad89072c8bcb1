package servers

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	_ "github.com/lib/pq" // the driver "postgres"
)

// Database is a real PostgreSQL, or a real PgBouncer before one. It lets
// everybody in who names a user: app, who owns the database app; exporter, who
// may read statistics; postgres, who may do everything.
type Database struct {
	*Process
	Port string
	Logs string // the folder of its log
}

// DSN is the address of one of its databases for a user.
func (d *Database) DSN(user, database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%s/%s?sslmode=disable", user, d.Port, database)
}

// Open returns connections of a user to one of its databases, until the test
// ends.
func (d *Database) Open(t testing.TB, user, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", d.DSN(user, database))
	if err != nil {
		t.Fatalf("open database %s: %v", database, err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// WaitReady waits until the database app answers.
func (d *Database) WaitReady(t testing.TB) {
	t.Helper()
	db := d.Open(t, "app", "app")
	defer db.Close()
	Eventually(t, d.name+" answers", func() bool {
		d.mustRun(t)
		return db.Ping() == nil
	})
}

// PostgreSQL runs the real server of Debian's postgresql.
func PostgreSQL(t testing.TB) *Database {
	t.Helper()
	dir, port := postgresDir(t), FreePort(t)
	data := filepath.Join(dir, "data")
	run := func(cmd *exec.Cmd) {
		t.Helper()
		if out, err := asPostgres(t, cmd, dir).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	run(exec.Command(postgresProgram(t, "initdb"), "--pgdata="+data, "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"))
	server := exec.Command(postgresProgram(t, "postgres"), "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=100",
		"-c", "logging_collector=on", "-c", "log_directory="+dir, "-c", "log_filename=postgresql-main.log", "-c", "log_timezone=UTC")
	// SIGTERM would wait until every client has gone.
	d := &Database{Process: launch(t, asPostgres(t, server, dir), ""), Port: port, Logs: dir}
	d.stop = syscall.SIGINT
	admin := d.Open(t, "postgres", "postgres")
	Eventually(t, "PostgreSQL answers", func() bool {
		d.mustRun(t)
		return admin.Ping() == nil
	})
	for _, statement := range []string{"CREATE ROLE app LOGIN", "CREATE ROLE exporter LOGIN", "GRANT pg_monitor TO exporter", "CREATE DATABASE app OWNER app"} {
		if _, err := admin.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return d
}

// PgBouncer runs Debian's real PgBouncer before a PostgreSQL, with the sizes of
// production and a line of statistics every 5 seconds. The user exporter may read its console, the database pgbouncer;
// postgres may command there.
func PgBouncer(t testing.TB, postgres *Database) *Database {
	t.Helper()
	dir, port := postgresDir(t), FreePort(t)
	users := WriteFile(t, filepath.Join(dir, "users.txt"), "\"app\" \"\"\n\"exporter\" \"\"\n\"postgres\" \"\"\n")
	config := WriteFile(t, filepath.Join(dir, "pgbouncer.ini"), fmt.Sprintf(`
[databases]
app = host=127.0.0.1 port=%s dbname=app user=app
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = trust
auth_file = %s
admin_users = postgres
stats_users = exporter
pool_mode = transaction
default_pool_size = 20
reserve_pool_size = 5
reserve_pool_timeout = 1
max_db_connections = 50
max_client_conn = 1000
logfile = %s
stats_period = 5
ignore_startup_parameters = extra_float_digits
`, postgres.Port, port, users, filepath.Join(dir, "pgbouncer.log")))
	cmd := exec.Command(Debian(t, "pgbouncer", "pgbouncer"), config)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	d := &Database{Process: launch(t, asPostgres(t, cmd, dir), ""), Port: port, Logs: dir}
	d.WaitReady(t)
	return d
}

// postgresDir makes a folder that the user postgres can reach, which the
// test's own temporary folder is not, and owns.
func postgresDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Geteuid() == 0 {
		id := postgresUser(t)
		if err := os.Chown(dir, int(id.Uid), int(id.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// asPostgres has cmd run in dir and, where the test is root, as the user
// postgres: PostgreSQL and PgBouncer refuse root.
func asPostgres(t testing.TB, cmd *exec.Cmd, dir string) *exec.Cmd {
	t.Helper()
	cmd.Dir = dir
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: postgresUser(t)}
	}
	return cmd
}

func postgresUser(t testing.TB) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("the user postgres is missing: apt-get install postgresql: %v", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// postgresProgram returns the path of a program of PostgreSQL's newest version
// here, which Debian keeps out of the folders for programs.
func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s is missing: apt-get install postgresql", name)
	}
	return found[len(found)-1]
}
