package state

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// versions are two states of a schema.
var versions = []migration{
	{1, "0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);"},
	{2, "0002_b.sql", "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x;"},
}

func openIn(t *testing.T, dir string, list []migration) *sql.DB {
	t.Helper()
	db, err := open(context.Background(), dir, list)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func number(t *testing.T, db *sql.DB, query string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestOpenMakesTheSchemaAndIsIdempotent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder?with#odd%characters")
	for range 2 {
		db, err := Open(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := number(t, db, "SELECT count(*) FROM sqlite_master WHERE name IN ('users', 'sessions')"); got != 2 {
			t.Errorf("got %d of the 2 tables", got)
		}
		db.Close()
	}
	for _, name := range []string{FileName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", name, got)
		}
	}
}

func TestChangesAreMadeAfterACopy(t *testing.T) {
	dir := t.TempDir()
	openIn(t, dir, versions[:1]).Close()
	db := openIn(t, dir, versions)
	if got := number(t, db, "SELECT y FROM a"); got != 7 {
		t.Errorf("after the change: got %d, want 7", got)
	}
	copied := openIn(t, copyOf(t, filepath.Join(dir, FileName+".before-0002")), versions[:1])
	if got := number(t, copied, "SELECT x FROM a"); got != 7 {
		t.Errorf("in the copy: got %d, want 7", got)
	}
}

// copyOf puts a copy of a database into a folder of its own.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAFailedChangeLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	openIn(t, dir, versions[:1]).Close()
	broken := append(versions[:1:1], migration{2, "0002_bad.sql", "CREATE TABLE half (x INTEGER); SELECT nonsense;"})
	if _, err := open(context.Background(), dir, broken); err == nil || !strings.Contains(err.Error(), "0002_bad.sql") {
		t.Fatalf("got %v, want an error that names the migration", err)
	}
	db := openIn(t, dir, versions[:1])
	if got := number(t, db, "SELECT count(*) FROM sqlite_master WHERE name = 'half'"); got != 0 {
		t.Error("a failed migration left a table behind")
	}
}

func TestUnusableDatabasesAreNamed(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(dir string) error
		want    string
	}{
		{"damaged", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, FileName), []byte(strings.Repeat("not a database ", 100)), 0o600)
		}, "if it is damaged"},
		{"a folder", func(dir string) error { return os.Mkdir(filepath.Join(dir, FileName), 0o700) }, "open the database"},
		{"newer", func(dir string) error {
			db, err := open(context.Background(), dir, versions)
			if err != nil {
				return err
			}
			if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
				return err
			}
			return db.Close()
		}, "newer dashboard"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := test.prepare(dir); err != nil {
				t.Fatal(err)
			}
			_, err := open(context.Background(), dir, versions)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, want an error that says %q and names the file", err, test.want)
			}
		})
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	file := &fstest.MapFile{Data: []byte("SELECT 1")}
	for _, names := range [][]string{{"0002_b.sql"}, {"0001_a.sql", "0003_c.sql"}, {"1_a.sql"}, {"0001_A.sql"}} {
		files := fstest.MapFS{}
		for _, name := range names {
			files["migrations/"+name] = file
		}
		if _, err := readMigrations(files); err == nil {
			t.Errorf("%v was accepted", names)
		}
	}
}
