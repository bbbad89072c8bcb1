// Package sqlite keeps events in one SQLite file, events.db, and their hourly
// counts in memory as well. Everything in it can be rebuilt from Loki.
//
// Limits: one process has it open; lists count whole hours; space of expired
// events is used again and not given back to the file system.
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// FileName is the database's name in the data folder.
const FileName = "events.db"

// schemaVersion is SQLite's user_version. A file of another version is rebuilt,
// not changed.
const schemaVersion = 1

// The caches of connections, in KiB. A page in them takes twice its size: the
// driver's allocator has powers of two, and a page with its header is a little
// more than one.
const (
	writeCache = "cache_size(-4096)"
	readCache  = "cache_size(-2048)"
)

//go:embed schema.sql
var schema string

//go:embed selectors.sql
var selectors string

// ErrUnusable means that the file is damaged or of another version: SetAside
// moves it away, and a new one is filled from Loki.
var ErrUnusable = errors.New("the event store cannot be used")

// ErrLocked means that another process has the store open.
var ErrLocked = errors.New("another process has the event store open")

// Store is an issues.Store in a SQLite file.
type Store struct {
	path string
	keep issues.Retention
	lock *os.File
	read *sql.DB

	counts *counts

	mu   sync.Mutex // one write at a time
	db   *sql.DB    // one connection, for writing
	stmt writeStatements
	// texts are the hashes of each key's texts that can be searched.
	texts map[issues.Key][]uint64
	known knownTags
	// functions reads the functions of events.
	functions issues.FunctionReader
}

var _ issues.Store = (*Store)(nil)

// Open opens the store in dir, made when it is missing. It reads all counts: a
// second for a million of them. The error is ErrLocked when another process has
// it open, ErrUnusable when the file is damaged.
func Open(ctx context.Context, dir string, keep issues.Retention) (*Store, error) {
	if err := keep.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder %s: %w", dir, err)
	}
	lock, err := lockFile(filepath.Join(dir, FileName+".lock"))
	if err != nil {
		return nil, err
	}
	s := &Store{path: filepath.Join(dir, FileName), keep: keep, lock: lock, counts: newCounts(), texts: map[issues.Key][]uint64{}}
	if err := s.open(ctx); err != nil {
		err = s.wrap("open", err)
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// lockFile takes the lock that keeps a second process away. The kernel gives it
// back when the process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the event store by %s: %w", path, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(fmt.Errorf("lock the event store by %s: %w", path, err), file.Close())
	}
	return file, nil
}

// open opens the connections and reads the counts.
func (s *Store) open(ctx context.Context) error {
	file, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if s.db, err = sql.Open("sqlite", dsn(s.path, "synchronous(NORMAL)", "journal_mode(WAL)", writeCache, "wal_autocheckpoint(8192)", "journal_size_limit(67108864)")); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn(s.path, "query_only(1)", readCache)); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetConnMaxIdleTime(time.Minute)
	if err := s.prepare(ctx); err != nil {
		return err
	}
	return s.load(ctx)
}

// dsn names the file as a URI, whatever characters its path has.
func dsn(path string, pragmas ...string) string {
	query := url.Values{
		"_pragma": append([]string{"busy_timeout(5000)", "temp_store(MEMORY)"}, pragmas...),
		"_txlock": {"immediate"},
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	return u.String()
}

// prepare makes the schema if the file is new, and compiles the statements.
func (s *Store) prepare(ctx context.Context) error {
	var version int
	if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version == 0 {
		text := fmt.Sprintf("BEGIN; %s PRAGMA user_version = %d; COMMIT", schema, schemaVersion)
		if _, err := s.db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("make the tables: %w", err)
		}
	} else if version != schemaVersion {
		return fmt.Errorf("%w: it has version %d, this program knows %d", ErrUnusable, version, schemaVersion)
	}
	if _, err := s.db.ExecContext(ctx, selectors); err != nil {
		return fmt.Errorf("make the tables of tags: %w", err)
	}
	return s.stmt.prepare(ctx, s.db)
}

// load reads what is kept in memory.
func (s *Store) load(ctx context.Context) error {
	err := each(ctx, s.db, "SELECT id, stream, env, service, level FROM sources", func(scan scanner) error {
		var id int64
		var from source
		if err := scan(&id, &from.stream, &from.env, &from.service, &from.level); err != nil {
			return err
		}
		s.counts.addSourceLocked(id, from)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read sources: %w", err)
	}
	err = each(ctx, s.db, "SELECT key, source, hour, events, first, last FROM counts", func(scan scanner) error {
		var key, from int64
		var c cell
		if err := scan(&key, &from, &c.hour, &c.events, &c.first, &c.last); err != nil {
			return err
		}
		s.counts.addLocked(issues.Key(key), from, c)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read counts: %w", err)
	}
	err = each(ctx, s.db, "SELECT key, hash FROM texts", func(scan scanner) error {
		var key, hash int64
		if err := scan(&key, &hash); err != nil {
			return err
		}
		s.texts[issues.Key(key)] = append(s.texts[issues.Key(key)], uint64(hash))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	return nil
}

// wrap says what was attempted, and that the file is damaged if it is.
func (s *Store) wrap(action string, err error) error {
	if err == nil {
		return nil
	}
	var failure *sqlite.Error
	if errors.As(err, &failure) {
		if code := failure.Code() & 0xff; code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB {
			err = fmt.Errorf("%w: it is damaged: %w", ErrUnusable, err)
		}
	}
	return fmt.Errorf("%s %s: %w", action, s.path, err)
}

// Check reads the whole file and says what is damaged, wrapping ErrUnusable.
func (s *Store) Check(ctx context.Context) error {
	var answer string
	err := s.read.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&answer)
	if err == nil && answer != "ok" {
		err = fmt.Errorf("%w: it is damaged: %s", ErrUnusable, answer)
	}
	return s.wrap("check", err)
}

// SetAside moves a file that cannot be used away, so that Open makes a new one,
// and returns its new name. No process may have it open.
func SetAside(dir string, now time.Time) (string, error) {
	path := filepath.Join(dir, FileName)
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return "", err
	}
	kept := fmt.Sprintf("%s.unusable-%s", path, now.UTC().Format("20060102T150405"))
	for _, suffix := range [...]string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", errors.Join(fmt.Errorf("set %s aside: %w", path+suffix, err), lock.Close())
		}
	}
	return kept, lock.Close()
}

// Close closes the file. Nothing of the store is used after it.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, db := range []*sql.DB{s.read, s.db} { // the last one moves the log into the file
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// scanner reads the values of one row.
type scanner func(dest ...any) error

// each calls fn for each row of an answer.
func each(ctx context.Context, db *sql.DB, query string, fn func(scanner) error, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
