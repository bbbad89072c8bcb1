package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// hourOf returns the start of the hour of a time in unix nanoseconds.
func hourOf(ns int64) time.Time { return time.Unix(0, ns).UTC().Truncate(time.Hour) }

// hourRange is the first and the last time of a batch's events in one hour.
type hourRange struct{ first, last int64 }

// Insert is issues.Writer's: it looks which events are there, inserts the others,
// and counts the hours anew. What an error leaves half done, the next Insert of
// the same events completes.
func (s *Store) Insert(ctx context.Context, events []issues.Event) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events = s.keep.Kept(events)
	if len(events) == 0 {
		return 0, nil
	}
	added, err := s.missing(ctx, events)
	if err != nil {
		return 0, fmt.Errorf("look for %d events in ClickHouse: %w", len(events), err)
	}
	// By what events are found is there before they are counted: a copy passes over
	// hours with the right counts.
	if err := s.insertTexts(ctx, events); err != nil {
		return 0, fmt.Errorf("insert texts into ClickHouse: %w", err)
	}
	if err := s.insertTags(ctx, events); err != nil {
		return 0, fmt.Errorf("insert tags into ClickHouse: %w", err)
	}
	if err := s.insertEvents(ctx, added); err != nil {
		return 0, fmt.Errorf("insert %d events into ClickHouse: %w", len(added), err)
	}
	if err := s.recount(ctx, events); err != nil {
		return 0, fmt.Errorf("count %d events in ClickHouse: %w", len(events), err)
	}
	return len(added), nil
}

// missing returns the events that are not stored, each once. It reads no more of
// an hour than the batch has of it: one late event reads one instant.
func (s *Store) missing(ctx context.Context, events []issues.Event) ([]issues.Event, error) {
	ranges := map[time.Time]hourRange{}
	for _, e := range events {
		hour := hourOf(e.Time)
		r, ok := ranges[hour]
		if !ok {
			r = hourRange{math.MaxInt64, math.MinInt64}
		}
		ranges[hour] = hourRange{min(r.first, e.Time), max(r.last, e.Time)}
	}
	var where []string
	var args []any
	for hour, r := range ranges {
		where = append(where, "(hour = ? AND time >= ? AND time <= ?)")
		args = append(args, hour, r.first, r.last)
	}
	stored := map[issues.Position]bool{}
	err := s.each(ctx, "SELECT time, id FROM issue_events WHERE "+strings.Join(where, " OR "), func(scan scanner) error {
		var at issues.Position
		var id string
		err := scan(&at.Time, &id)
		copy(at.ID[:], id)
		stored[at] = true
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	var added []issues.Event
	for _, e := range events {
		if at := e.Position(); !stored[at] {
			stored[at] = true
			added = append(added, e)
		}
	}
	return added, nil
}

func (s *Store) insertEvents(ctx context.Context, events []issues.Event) error {
	if len(events) == 0 {
		return nil
	}
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO issue_events (hour, "+eventColumns+")")
	if err != nil {
		return err
	}
	defer batch.Close()
	for _, e := range events {
		err := batch.Append(hourOf(e.Time), e.Time, string(e.ID[:]), uint64(e.Key), uint64(e.Exception), e.Stream, e.Env, e.Service, e.Level,
			e.Type, e.Message, e.Culprit, e.Text, e.Correlation, e.Tags)
		if err != nil {
			return err
		}
	}
	return batch.Send()
}

// recount makes the counts of the hours and streams of the events anew. Deleted
// events have no part in this: DeleteHour replaces the counts itself.
func (s *Store) recount(ctx context.Context, events []issues.Event) error {
	streams := map[time.Time][]string{}
	for _, e := range events {
		if hour := hourOf(e.Time); !slices.Contains(streams[hour], e.Stream) {
			streams[hour] = append(streams[hour], e.Stream)
		}
	}
	var where []string
	var args []any
	for hour, list := range streams {
		where = append(where, "(hour = ? AND stream IN ?)")
		args = append(args, hour, list)
	}
	s.days.changed(slices.Collect(maps.Keys(streams))...)
	return s.conn.Exec(ctx, fmt.Sprintf(countAnew, s.nextVersion(), strings.Join(where, " OR ")), args...)
}

// countAnew makes counts, of a version, of the events for which a condition is
// true.
const countAnew = `INSERT INTO issue_counts (hour, key, stream, env, service, level, events, first, last, version)
	SELECT hour, key, stream, env, service, level, count(), intDiv(min(time), 1000000), intDiv(max(time), 1000000), %d
	FROM issue_events WHERE %s GROUP BY hour, key, stream, env, service, level`

// nextVersion returns a version above all others. It needs the lock of writing.
func (s *Store) nextVersion() uint64 {
	s.version++
	return s.version
}

// insertTexts stores the texts of keys that have few yet.
func (s *Store) insertTexts(ctx context.Context, events []issues.Event) error {
	added := map[issues.Key][]uint64{}
	var fresh []*issues.Event
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO issue_texts (key, hash, words)")
	if err != nil {
		return err
	}
	defer batch.Close()
	for i := range events {
		e := &events[i]
		known := s.texts[e.Key]
		if len(known)+len(added[e.Key]) >= issues.MaxTexts {
			continue
		}
		hash := e.SearchHash()
		if slices.Contains(known, hash) || slices.Contains(added[e.Key], hash) {
			continue
		}
		if err := batch.Append(uint64(e.Key), hash, e.SearchText()); err != nil {
			return err
		}
		added[e.Key] = append(added[e.Key], hash)
		fresh = append(fresh, e)
	}
	if err := s.insertFunctions(ctx, fresh); err != nil { // before the texts: with these they are known
		return err
	}
	if err := batch.Send(); err != nil {
		return err
	}
	for key, hashes := range added {
		s.texts[key] = append(s.texts[key], hashes...)
	}
	return nil
}

// insertFunctions notes the functions in the tracebacks of events.
func (s *Store) insertFunctions(ctx context.Context, events []*issues.Event) error {
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO issue_functions (function, key)")
	if err != nil {
		return err
	}
	defer batch.Close()
	for _, e := range events {
		for _, name := range s.functions.Functions(e) {
			if err := batch.Append(name, uint64(e.Key)); err != nil {
				return err
			}
		}
	}
	return batch.Send()
}

// insertTags notes which tags the keys of events had, those that are there too:
// ClickHouse drops what is there twice.
func (s *Store) insertTags(ctx context.Context, events []issues.Event) error {
	type tagged struct {
		day         time.Time
		name, value string
		key         issues.Key
	}
	found := map[tagged]bool{}
	for i := range events {
		e := &events[i]
		at := hourOf(e.Time).Truncate(day)
		issues.EachTag(e.Tags, func(name, value string) { found[tagged{at, name, value, e.Key}] = true })
	}
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO issue_tags (day, name, value, key)")
	if err != nil {
		return err
	}
	defer batch.Close()
	for t := range found {
		if err := batch.Append(t.day, t.name, t.value, uint64(t.key)); err != nil {
			return err
		}
	}
	return batch.Send()
}

// DeleteHour is issues.Writer's.
func (s *Store) DeleteHour(ctx context.Context, hour time.Time, stream string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := hourOf(hour.UnixNano())
	if err := s.conn.Exec(ctx, "DELETE FROM issue_events WHERE hour = ? AND stream = ?", at, stream); err != nil {
		return fmt.Errorf("delete the hour %s of %s from ClickHouse: %w", hour, stream, err)
	}
	return s.replaceLocked(ctx, at, stream, nil)
}

// ReplaceHour is issues.Writer's.
func (s *Store) ReplaceHour(ctx context.Context, hour time.Time, stream string, counts []issues.Count) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replaceLocked(ctx, hourOf(hour.UnixNano()), stream, counts)
}

// cellName tells the cells of a stream's hour apart.
type cellName struct {
	key                 issues.Key
	env, service, level string
}

// replaceLocked replaces counts in one insert: cells that are gone by cells of no
// events.
func (s *Store) replaceLocked(ctx context.Context, hour time.Time, stream string, counts []issues.Count) error {
	before, err := s.Counts(ctx, hour, stream)
	if err != nil {
		return err
	}
	cells := map[cellName]issues.Count{}
	for _, c := range before {
		cells[cellName{c.Key, c.Env, c.Service, c.Level}] = issues.Count{}
	}
	for _, c := range counts {
		name := cellName{c.Key, c.Env, c.Service, c.Level}
		cells[name] = plus(cells[name], c)
	}
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO issue_counts (hour, key, stream, env, service, level, events, first, last, version)")
	if err != nil {
		return fmt.Errorf("replace the counts of the hour %s of %s in ClickHouse: %w", hour, stream, err)
	}
	defer batch.Close()
	s.days.changed(hour)
	version := s.nextVersion()
	for name, c := range cells {
		if err := batch.Append(hour, uint64(name.key), stream, name.env, name.service, name.level, uint64(c.Events), c.First.UnixMilli(), c.Last.UnixMilli(), version); err != nil {
			return fmt.Errorf("replace the counts of the hour %s of %s in ClickHouse: %w", hour, stream, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("replace the counts of the hour %s of %s in ClickHouse: %w", hour, stream, err)
	}
	return nil
}

// plus returns both counts of one cell in one.
func plus(a, b issues.Count) issues.Count {
	if a.Events == 0 {
		return b
	}
	a.Events += b.Events
	if b.First.Before(a.First) {
		a.First = b.First
	}
	if b.Last.After(a.Last) {
		a.Last = b.Last
	}
	return a
}
