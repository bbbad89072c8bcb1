package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// chunk is how many rows one statement inserts: calls into SQLite cost more than
// rows.
const chunk = 64

// writeStatements are the statements that Insert repeats.
type writeStatements struct {
	events, event *sql.Stmt // of chunk events, of one
	counts, count *sql.Stmt // of chunk cells, of one
	text, words   *sql.Stmt
	tags, tag     *sql.Stmt // of chunk tags, of one
	function      *sql.Stmt
}

const (
	insertEvent = "INSERT OR IGNORE INTO events (time, id, key, source, exception, type, message, culprit, text, correlation, tags) VALUES "
	eventRow    = "(?,?,?,?,?,?,?,?,?,?,?)"
	insertCount = "INSERT INTO counts (hour, source, key, events, first, last) VALUES "
	countRow    = "(?,?,?,?,?,?)"
	insertTag   = "INSERT OR IGNORE INTO tags (day, tag, key) VALUES "
	tagRow      = "(?,?,?)"
	addCount    = " ON CONFLICT DO UPDATE SET events = min(events + excluded.events, 4294967295), first = min(first, excluded.first), last = max(last, excluded.last)"
)

// prepare compiles the statements.
func (w *writeStatements) prepare(ctx context.Context, db *sql.DB) error {
	many := func(row string) string { return strings.Repeat(row+",", chunk-1) + row }
	for _, s := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&w.events, insertEvent + many(eventRow)},
		{&w.event, insertEvent + eventRow},
		{&w.counts, insertCount + many(countRow) + addCount},
		{&w.count, insertCount + countRow + addCount},
		{&w.text, "INSERT INTO texts (key, hash) VALUES (?,?)"},
		{&w.words, "INSERT INTO words (rowid, text) VALUES (?,?)"},
		{&w.tags, insertTag + many(tagRow)},
		{&w.tag, insertTag + tagRow},
		{&w.function, "INSERT OR IGNORE INTO functions (function, key) VALUES (?,?)"},
	} {
		stmt, err := db.PrepareContext(ctx, s.text)
		if err != nil {
			return fmt.Errorf("prepare %.40q: %w", s.text, err)
		}
		*s.stmt = stmt
	}
	return nil
}

// Insert is issues.Writer's, in one transaction.
func (s *Store) Insert(ctx context.Context, events []issues.Event) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events = s.keep.Kept(events)
	if len(events) == 0 {
		return 0, nil
	}
	sources, err := s.sourcesLocked(ctx, events)
	if err != nil {
		return 0, s.wrap("insert the sources of events into", err)
	}
	batch := &batch{Store: s, events: events, sources: sources, cells: map[place]cell{}, texts: map[issues.Key][]uint64{}}
	if err := s.transact(ctx, batch.run); err != nil {
		return 0, s.wrap(fmt.Sprintf("insert %d events into", len(events)), err)
	}
	s.counts.mu.Lock()
	for at, c := range batch.cells {
		s.counts.addLocked(at.key, at.source, c)
	}
	s.counts.mu.Unlock()
	for key, hashes := range batch.texts {
		s.texts[key] = append(s.texts[key], hashes...)
	}
	for _, t := range batch.tags {
		s.known.add(t)
	}
	return batch.inserted, nil
}

// sourcesLocked returns the number of each event's source, and stores new ones.
func (s *Store) sourcesLocked(ctx context.Context, events []issues.Event) ([]int64, error) {
	ids := make([]int64, len(events))
	for i := range events {
		id, err := s.sourceLocked(ctx, source{events[i].Stream, events[i].Env, events[i].Service, events[i].Level})
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// sourceLocked returns the number of a source, stored if it is new.
func (s *Store) sourceLocked(ctx context.Context, from source) (int64, error) {
	if id, ok := s.counts.ids[from]; ok { // changed under s.mu alone
		return id, nil
	}
	result, err := s.db.ExecContext(ctx, "INSERT INTO sources (stream, env, service, level) VALUES (?,?,?,?)", from.stream, from.env, from.service, from.level)
	if err != nil {
		return 0, err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return 0, err
	}
	s.counts.mu.Lock()
	s.counts.addSourceLocked(id, from)
	s.counts.mu.Unlock()
	return id, nil
}

// transact runs fn in a transaction of the writing connection.
func (s *Store) transact(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// batch is one call of Insert.
type batch struct {
	*Store
	events  []issues.Event
	sources []int64 // of each event

	inserted int
	cells    map[place]cell // what is counted
	texts    map[issues.Key][]uint64
	tags     []tagged // that were not known
	lastSeq  int64
	args     []any
}

// run inserts the events, their counts and their texts.
func (b *batch) run(ctx context.Context, tx *sql.Tx) error {
	var last sql.NullInt64
	if err := tx.QueryRowContext(ctx, "SELECT max(seq) FROM events").Scan(&last); err != nil {
		return err
	}
	b.lastSeq = last.Int64
	many, one := tx.StmtContext(ctx, b.stmt.events), tx.StmtContext(ctx, b.stmt.event)
	for from := 0; from < len(b.events); {
		n, stmt := chunk, many
		if from+chunk > len(b.events) {
			n, stmt = 1, one
		}
		if err := b.insert(ctx, tx, stmt, from, from+n); err != nil {
			return err
		}
		from += n
	}
	if err := b.insertCounts(ctx, tx); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	if err := b.insertTags(ctx, tx); err != nil {
		return err
	}
	return b.insertTexts(ctx, tx)
}

// insert inserts events[from:to] and counts those that were not there.
func (b *batch) insert(ctx context.Context, tx *sql.Tx, stmt *sql.Stmt, from, to int) error {
	b.args = b.args[:0]
	for i := from; i < to; i++ {
		e := &b.events[i]
		tags, err := encodeTags(e.Tags)
		if err != nil {
			return err
		}
		b.args = append(b.args, e.Time, e.ID[:], int64(e.Key), b.sources[i], int64(e.Exception),
			e.Type, e.Message, e.Culprit, e.Text, e.Correlation, tags)
	}
	result, err := stmt.ExecContext(ctx, b.args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return err
	}
	b.inserted += int(n)
	if int(n) == to-from {
		b.lastSeq += n
		for i := from; i < to; i++ {
			b.count(i)
		}
		return nil
	}
	return b.countNew(ctx, tx, from, to)
}

// countNew counts those of events[from:to] that the last statement stored: their
// seq is above all others.
func (b *batch) countNew(ctx context.Context, tx *sql.Tx, from, to int) error {
	rows, err := tx.QueryContext(ctx, "SELECT seq, time, id FROM events WHERE seq > ? ORDER BY seq", b.lastSeq)
	if err != nil {
		return err
	}
	defer rows.Close()
	stored := map[issues.Position]bool{}
	for rows.Next() {
		var at issues.Position
		var id []byte
		if err := rows.Scan(&b.lastSeq, &at.Time, &id); err != nil {
			return err
		}
		copy(at.ID[:], id)
		stored[at] = true
	}
	for i := from; i < to; i++ {
		if at := b.events[i].Position(); stored[at] {
			delete(stored, at) // once, even if it is in the batch twice
			b.count(i)
		}
	}
	return rows.Err()
}

// count counts event i in its cell.
func (b *batch) count(i int) {
	c := cellOf(b.events[i].Time)
	at := place{b.events[i].Key, b.sources[i], int64(c.hour)}
	b.cells[at] = c.plus(b.cells[at])
}

// insertCounts adds the cells of the batch to the table.
func (b *batch) insertCounts(ctx context.Context, tx *sql.Tx) error {
	places := make([]place, 0, len(b.cells))
	for at := range b.cells {
		places = append(places, at)
	}
	many, one := tx.StmtContext(ctx, b.stmt.counts), tx.StmtContext(ctx, b.stmt.count)
	for len(places) > 0 {
		n, stmt := chunk, many
		if len(places) < chunk {
			n, stmt = 1, one
		}
		b.args = b.args[:0]
		for _, at := range places[:n] {
			c := b.cells[at]
			b.args = append(b.args, at.hour, at.source, int64(at.key), int64(c.events), int64(c.first), int64(c.last))
		}
		if _, err := stmt.ExecContext(ctx, b.args...); err != nil {
			return err
		}
		places = places[n:]
	}
	return nil
}

// insertTexts stores the texts of keys that have few yet.
func (b *batch) insertTexts(ctx context.Context, tx *sql.Tx) error {
	for i := range b.events {
		e := &b.events[i]
		known, added := b.Store.texts[e.Key], b.texts[e.Key]
		if len(known)+len(added) >= issues.MaxTexts {
			continue
		}
		hash := e.SearchHash()
		if slices.Contains(known, hash) || slices.Contains(added, hash) {
			continue
		}
		result, err := tx.StmtContext(ctx, b.stmt.text).ExecContext(ctx, int64(e.Key), int64(hash))
		if err != nil {
			return fmt.Errorf("insert a text: %w", err)
		}
		seq, err := result.LastInsertId()
		if err != nil {
			return err
		}
		if _, err := tx.StmtContext(ctx, b.stmt.words).ExecContext(ctx, seq, e.SearchText()); err != nil {
			return fmt.Errorf("insert the words of a text: %w", err)
		}
		if err := b.insertFunctions(ctx, tx, e); err != nil {
			return err
		}
		b.texts[e.Key] = append(added, hash)
	}
	return nil
}

// encodeTags returns tags as a JSON object, "" for none.
func encodeTags(tags map[string]string) (string, error) {
	if len(tags) == 0 {
		return "", nil
	}
	text, err := json.Marshal(tags)
	return string(text), err
}

// DeleteHour is issues.Writer's.
func (s *Store) DeleteHour(ctx context.Context, hour time.Time, stream string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := hourOf(hour.UnixNano())
	sources := s.counts.sourcesOf(stream)
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		in := list(sources)
		if _, err := tx.ExecContext(ctx, "DELETE FROM events WHERE time >= ? AND time < ? AND source IN "+in, at*hourNanos, (at+1)*hourNanos); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM counts WHERE hour = ? AND source IN "+in, at)
		return err
	})
	if err != nil {
		return s.wrap(fmt.Sprintf("delete the hour %s of %s from", hour, stream), err)
	}
	s.forget(at, sources)
	return nil
}

// forget removes an hour of sources from memory.
func (s *Store) forget(hour int64, sources map[int64]bool) {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	s.counts.removeLocked(func(source int64, h int32) bool { return int64(h) == hour && sources[source] })
}

// ReplaceHour is issues.Writer's.
func (s *Store) ReplaceHour(ctx context.Context, hour time.Time, stream string, replaced []issues.Count) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := hourOf(hour.UnixNano())
	b := &batch{Store: s, cells: map[place]cell{}}
	for _, c := range replaced {
		id, err := s.sourceLocked(ctx, source{stream, c.Env, c.Service, c.Level})
		if err != nil {
			return s.wrap("insert the sources of counts into", err)
		}
		one := cell{hour: int32(at), events: uint32(min(c.Events, math.MaxUint32)), first: cellOf(c.First.UnixNano()).first, last: cellOf(c.Last.UnixNano()).last}
		p := place{c.Key, id, at}
		b.cells[p] = one.plus(b.cells[p])
	}
	sources := s.counts.sourcesOf(stream)
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM counts WHERE hour = ? AND source IN "+list(sources), at); err != nil {
			return err
		}
		return b.insertCounts(ctx, tx)
	})
	if err != nil {
		return s.wrap(fmt.Sprintf("replace the counts of the hour %s of %s in", hour, stream), err)
	}
	s.forget(at, sources)
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	for p, c := range b.cells {
		s.counts.addLocked(p.key, p.source, c)
	}
	return nil
}
