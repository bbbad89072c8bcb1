// Package clickhouse keeps events and their hourly counts in ClickHouse, for
// when SQLite is too small. Everything in it can be rebuilt from Loki.
//
// Counts are made anew from the events of each hour that is written to, and
// replace the ones before, so that an interrupted insert is mended by its
// repetition. Expired rows are deleted by the tables' TTL, and no query sees
// them.
//
// Limits: one process writes; lists count whole hours.
package clickhouse

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

//go:embed schema.sql
var schema string

// Store is an issues.Store in a ClickHouse database.
type Store struct {
	conn driver.Conn
	keep issues.Retention

	mu sync.Mutex // one write at a time
	// version is the newest version of a count. It counts up, whatever the clock
	// does.
	version uint64
	days    days
	// texts are the hashes of each key's texts that can be searched.
	texts map[issues.Key][]uint64
	// functions reads the functions of events.
	functions issues.FunctionReader
}

var _ issues.Store = (*Store)(nil)

// Open connects to the database of the DSN, which must exist, and makes the
// tables that are missing. The DSN is clickhouse://user:password@host:9000/name,
// or with http:// or https:// and the port of the HTTP interface.
func Open(ctx context.Context, dsn string, keep issues.Retention) (*Store, error) {
	if err := keep.Validate(); err != nil {
		return nil, err
	}
	options, err := ch.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("the DSN of ClickHouse cannot be read: want clickhouse://user:password@host:9000/name") // it may have a password
	}
	conn, err := ch.Open(options)
	if err != nil {
		return nil, fmt.Errorf("connect to ClickHouse: %w", err)
	}
	s := &Store{conn: conn, keep: keep, days: days{version: map[time.Time]uint64{}}, texts: map[issues.Key][]uint64{}}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the database of ClickHouse: %w", err), conn.Close())
	}
	return s, nil
}

// prepare makes the tables and reads what is kept in memory.
func (s *Store) prepare(ctx context.Context) error {
	for statement := range strings.SplitSeq(strings.TrimSpace(schema), ";\n\n") {
		if err := s.conn.Exec(ctx, strings.TrimSuffix(statement, ";")); err != nil {
			return err
		}
	}
	for _, t := range []struct {
		table, column string
		keep          time.Duration
	}{
		{"issue_events", "hour", s.keep.Events}, {"issue_counts", "hour", s.keep.Counts}, {"issue_tags", "day", s.keep.Events},
		{"issue_days", "day", s.keep.Counts}, {"issue_days_done", "day", s.keep.Counts},
	} {
		if err := s.setTTL(ctx, t.table, t.column, t.keep); err != nil {
			return err
		}
	}
	if err := s.conn.QueryRow(ctx, "SELECT max(version) FROM issue_counts").Scan(&s.version); err != nil {
		return err
	}
	if err := s.loadDays(ctx); err != nil {
		return err
	}
	return s.loadTexts(ctx)
}

// loadTexts reads which texts of each key there are.
func (s *Store) loadTexts(ctx context.Context) error {
	clear(s.texts)
	return s.each(ctx, "SELECT DISTINCT key, hash FROM issue_texts", func(scan scanner) error {
		var key, hash uint64
		err := scan(&key, &hash)
		s.texts[issues.Key(key)] = append(s.texts[issues.Key(key)], hash)
		return err
	})
}

// setTTL has ClickHouse delete what is older, a day and more after no query sees
// it any more: a day counts from its start.
func (s *Store) setTTL(ctx context.Context, table, column string, keep time.Duration) error {
	if keep > 0 {
		seconds := int64((keep + day + 2*time.Hour).Seconds())
		return s.conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s MODIFY TTL toDateTime(%s, 'UTC') + toIntervalSecond(%d)", table, column, seconds))
	}
	var text string
	if err := s.conn.QueryRow(ctx, "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = ?", table).Scan(&text); err != nil {
		return err
	}
	if !strings.Contains(text, " TTL ") {
		return nil
	}
	return s.conn.Exec(ctx, "ALTER TABLE "+table+" REMOVE TTL")
}

// Close closes the connections.
func (s *Store) Close() error { return s.conn.Close() }

// DeleteExpired deletes the texts and functions of keys without counts; the tables' TTL does
// the rest. It also adds up the days that passed or changed, by which long lists
// are fast.
func (s *Store) DeleteExpired(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.addUpDays(ctx, s.keep.Time()); err != nil {
		return fmt.Errorf("add up days in ClickHouse: %w", err)
	}
	_, counts := s.keep.Expired()
	for _, table := range [...]string{"issue_texts", "issue_functions"} {
		err := s.conn.Exec(ctx, "DELETE FROM "+table+" WHERE key NOT IN (SELECT key FROM issue_counts WHERE hour >= ?)", counts.UTC())
		if err != nil {
			return fmt.Errorf("delete what expired from %s of ClickHouse: %w", table, err)
		}
	}
	if err := s.loadTexts(ctx); err != nil {
		return fmt.Errorf("read texts of ClickHouse: %w", err)
	}
	return nil
}

// Size is issues.Store's; Bytes are those on the server's disk.
func (s *Store) Size(ctx context.Context) (issues.Size, error) {
	events, counts := s.keep.Expired()
	var stored, cells, keys, bytes uint64
	err := s.conn.QueryRow(ctx, `SELECT
		(SELECT count() FROM issue_events WHERE hour >= ?),
		(SELECT countIf(events > 0) FROM issue_counts FINAL WHERE hour >= ?),
		(SELECT uniqExactIf(key, events > 0) FROM issue_counts FINAL WHERE hour >= ?),
		(SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()
			AND startsWith(table, 'issue_'))`,
		events.UTC(), counts.UTC(), counts.UTC()).Scan(&stored, &cells, &keys, &bytes)
	if err != nil {
		return issues.Size{}, fmt.Errorf("measure ClickHouse: %w", err)
	}
	return issues.Size{Events: int64(stored), Counts: int64(cells), Keys: int64(keys), Bytes: int64(bytes)}, nil
}

// scanner reads the values of one row.
type scanner func(dest ...any) error

// each calls fn for each row of an answer.
func (s *Store) each(ctx context.Context, query string, fn func(scanner) error, args ...any) error {
	rows, err := s.conn.Query(ctx, query, args...)
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
