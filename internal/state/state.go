// Package state opens the database of what people and webhooks enter: SQLite in
// one file of the data folder, in WAL mode, with numbered migrations that are
// applied when it is opened, after a copy of the file.
//
// Times in it are unix seconds. Two processes may have it open: the server and
// a subcommand.
package state

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// FileName is the database's name in the data folder.
const FileName = "dashboard.db"

// busyTimeout is how long a statement waits for another process, in ms.
const busyTimeout = 5000

//go:embed migrations/*.sql
var migrations embed.FS

// migration is one numbered change of the schema.
type migration struct {
	number int
	name   string
	sql    string
}

// Open opens the database in dir, makes both when they are missing, and brings
// the schema up to date. Before it changes an existing schema it copies the
// file to dashboard.db.before-NNNN. The caller closes it.
func Open(ctx context.Context, dir string) (*sql.DB, error) {
	list, err := readMigrations(migrations)
	if err != nil {
		return nil, err
	}
	return open(ctx, dir, list)
}

// open is Open with its migrations as an argument.
func open(ctx context.Context, dir string, list []migration) (*sql.DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder %s: %w; choose another with -data-dir", dir, err)
	}
	path := filepath.Join(dir, FileName)
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("open the database %s: %w; the folder must be writable for this user", path, err)
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	if err := migrate(ctx, db, path, list); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// touch makes the file readable for its owner alone; SQLite would make it
// readable for all.
func touch(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// dsn names the file as a URI, whatever characters its path has.
func dsn(path string) string {
	query := url.Values{
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyTimeout), "journal_mode(WAL)",
			"foreign_keys(1)", "synchronous(FULL)",
		},
		"_txlock": {"immediate"},
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	return u.String()
}

// fileName is how migrations are named: a number, then words.
var fileName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

// readMigrations returns the migrations in their order. They are numbered from
// 1 without a gap.
func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	slices.Sort(names)
	list := make([]migration, 0, len(names))
	for i, name := range names {
		match := fileName.FindStringSubmatch(filepath.Base(name))
		if match == nil {
			return nil, fmt.Errorf("migration %s is not named NNNN_words.sql", name)
		}
		if number, err := strconv.Atoi(match[1]); err != nil || number != i+1 {
			return nil, fmt.Errorf("migration %s has the number %s, want %04d", name, match[1], i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", name, err)
		}
		list = append(list, migration{number: i + 1, name: filepath.Base(name), sql: string(text)})
	}
	return list, nil
}

// migrate applies the migrations that the database lacks. Its version is
// SQLite's user_version.
func migrate(ctx context.Context, db *sql.DB, path string, list []migration) error {
	version, err := schemaVersion(ctx, db)
	if err != nil {
		return fmt.Errorf("read the database %s: %w; if it is damaged, move it away (the dashboard makes a new one) or put back a copy", path, err)
	}
	if version > len(list) {
		return fmt.Errorf("the database %s has schema %d, this program knows %d: it was used by a newer dashboard; run that one, or put back the copy %s", path, version, len(list), backupPath(path, len(list)+1))
	}
	if version == len(list) {
		return nil
	}
	if version > 0 {
		if err := backup(ctx, db, backupPath(path, version+1)); err != nil {
			return err
		}
	}
	for _, m := range list[version:] {
		if err := apply(ctx, db, m); err != nil {
			return fmt.Errorf("change the database %s by %s: %w; nothing of this step was kept", path, m.name, err)
		}
	}
	return nil
}

// schemaVersion returns how many migrations the database has.
func schemaVersion(ctx context.Context, db *sql.DB) (int, error) {
	var version int
	err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}

// backupPath names the copy made before migration number.
func backupPath(path string, number int) string {
	return fmt.Sprintf("%s.before-%04d", path, number)
}

// backup copies the database into one file. A copy of that name from an
// earlier, interrupted start is replaced.
func backup(ctx context.Context, db *sql.DB, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace the old copy of the database: %w", err)
	}
	if err := touch(path); err != nil {
		return fmt.Errorf("copy the database before changing it: %w", err)
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copy the database to %s before changing it: %w", path, err)
	}
	return nil
}

// apply runs one migration and notes it, both or neither. Another process that
// migrates at the same time makes it a no-op.
func apply(ctx context.Context, db *sql.DB, m migration) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version >= m.number {
		return nil
	}
	if _, err := tx.ExecContext(ctx, m.sql); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", m.number)); err != nil {
		return err
	}
	return tx.Commit()
}
