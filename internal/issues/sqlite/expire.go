package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// expireRows is how many events one transaction deletes, so that Insert waits
// for a moment only.
const expireRows = 5000

// DeleteExpired is issues.Store's.
func (s *Store) DeleteExpired(ctx context.Context) error {
	events, counts := s.keep.Expired()
	if err := s.expireEvents(ctx, events.UnixNano()); err != nil {
		return s.wrap("delete expired events from", err)
	}
	if err := s.expireCounts(ctx, hourOf(counts.UnixNano())); err != nil {
		return s.wrap("delete expired counts from", err)
	}
	return nil
}

// expireEvents deletes events before a time, in unix nanoseconds, and the tags of
// the days before it.
func (s *Store) expireEvents(ctx context.Context, before int64) error {
	err := s.expireRows(ctx, "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE time < ? ORDER BY time LIMIT ?)", before)
	if err != nil {
		return err
	}
	return s.expireRows(ctx, "DELETE FROM tags WHERE (day, tag, key) IN (SELECT day, tag, key FROM tags WHERE day < ? LIMIT ?)", hourOf(before)/dayHours)
}

// expireRows repeats a statement, of a bound and a number of rows, until it
// deletes fewer.
func (s *Store) expireRows(ctx context.Context, statement string, before int64) error {
	for {
		s.mu.Lock()
		result, err := s.db.ExecContext(ctx, statement, before, expireRows)
		s.mu.Unlock()
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n < expireRows {
			return err
		}
	}
}

// expireCounts deletes counts before an hour, and then the texts and sources
// that nothing is left of.
func (s *Store) expireCounts(ctx context.Context, before int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{
			"DELETE FROM counts WHERE hour < ?1",
			"DELETE FROM words WHERE rowid IN (SELECT seq FROM texts WHERE key NOT IN (SELECT key FROM counts))",
			"DELETE FROM functions WHERE key NOT IN (SELECT key FROM counts)",
			"DELETE FROM texts WHERE key NOT IN (SELECT key FROM counts)",
			"DELETE FROM sources WHERE id NOT IN (SELECT source FROM counts)", // whose events expired earlier
		} {
			if _, err := tx.ExecContext(ctx, statement, before); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.forgetBefore(ctx, before)
}

// forgetBefore does in memory what expireCounts did in the tables.
func (s *Store) forgetBefore(ctx context.Context, before int64) error {
	left := map[int64]bool{}
	err := each(ctx, s.db, "SELECT id FROM sources", func(scan scanner) error {
		var id int64
		err := scan(&id)
		left[id] = true
		return err
	})
	if err != nil {
		return err
	}
	c := s.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removeLocked(func(_ int64, hour int32) bool { return int64(hour) < before })
	for id, from := range c.sources {
		if !left[id] {
			delete(c.sources, id)
			delete(c.ids, from)
		}
	}
	for key := range s.texts {
		if c.keys[key] == nil {
			delete(s.texts, key)
		}
	}
	return nil
}

// Size is issues.Store's; Bytes are those of the files.
func (s *Store) Size(ctx context.Context) (issues.Size, error) {
	var size issues.Size
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM events").Scan(&size.Events); err != nil {
		return size, s.wrap("count the events of", err)
	}
	s.counts.mu.RLock()
	size.Counts, size.Keys = int64(s.counts.cells), int64(len(s.counts.keys))
	s.counts.mu.RUnlock()
	for _, suffix := range [...]string{"", "-wal"} {
		info, err := os.Stat(s.path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return size, s.wrap("measure", err)
		}
		if err == nil {
			size.Bytes += info.Size()
		}
	}
	return size, nil
}
