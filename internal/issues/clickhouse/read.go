package clickhouse

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// where collects conditions and their arguments.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// with returns the conditions with one before them.
func (w *where) with(condition string, args ...any) where {
	return where{append([]string{condition}, w.conditions...), append(args, w.args...)}
}

// String is the conditions as SQL.
func (w *where) String() string { return strings.Join(w.conditions, " AND ") }

// hours asks for the hours that a span touches and that are kept.
func (w *where) hours(span issues.Span, oldest time.Time) {
	from := span.From.UTC().Truncate(time.Hour)
	if from.Before(oldest) {
		from = oldest.UTC()
	}
	w.and("hour >= ? AND hour <= ?", from, hourOf(span.To.UnixNano()-1))
}

// times asks for the events of a span that are kept.
func (w *where) times(span issues.Span, oldest time.Time) {
	w.hours(span, oldest)
	w.and("time >= ? AND time < ?", span.From.UnixNano(), span.To.UnixNano())
}

// filter asks for what a filter selects.
func (w *where) filter(f issues.Filter) {
	for _, list := range []struct {
		column string
		any    []string
		none   []string
	}{{"env", f.Env, f.NotEnv}, {"service", f.Service, f.NotService}, {"level", f.Level, f.NotLevel}} {
		if len(list.any) > 0 {
			w.and(list.column+" IN ?", list.any)
		}
		if len(list.none) > 0 {
			w.and(list.column+" NOT IN ?", list.none)
		}
	}
}

// keys asks for keys.
func (w *where) keys(keys []issues.Key) {
	numbers := make([]uint64, len(keys))
	for i, key := range keys {
		numbers[i] = uint64(key)
	}
	w.and("key IN ?", numbers)
}

// finalCounts are the newest versions of the counts for which conditions are true.
// These are on columns of the table's order alone, which all versions share: so
// they can be looked at first, which halves the time. Whether there are events
// cannot.
func finalCounts(w where) string {
	return "issue_counts FINAL PREWHERE " + w.String() + " WHERE events > 0"
}

// perPartition lets FINAL work on each partition by itself: a count never moves to
// another one.
const perPartition = " SETTINGS do_not_merge_across_partitions_select_final = 1"

// Totals is issues.Reader's.
func (s *Store) Totals(ctx context.Context, span issues.Span, filter issues.Filter) ([]issues.Total, error) {
	var w where
	w.filter(filter)
	counts, args := s.countsOf(span, w, true)
	query := "SELECT key, sum(c.events), min(c.first), max(c.last) FROM " + counts + " AS c GROUP BY key" + perPartition
	var totals []issues.Total
	err := s.each(ctx, query, func(scan scanner) error {
		var key, n uint64
		var first, last int64
		err := scan(&key, &n, &first, &last)
		totals = append(totals, issues.Total{Key: issues.Key(key), Events: int64(n), First: time.UnixMilli(first).UTC(), Last: time.UnixMilli(last).UTC()})
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("add up counts in ClickHouse: %w", err)
	}
	return totals, nil
}

// Series is issues.Reader's.
func (s *Store) Series(ctx context.Context, q issues.SeriesQuery) (map[issues.Key][]int64, error) {
	steps, err := q.Steps()
	if err != nil || len(q.Keys) == 0 {
		return nil, err
	}
	query, args := s.seriesQuery(q)
	out := make(map[issues.Key][]int64, len(q.Keys))
	err = s.each(ctx, query, func(scan scanner) error {
		var key, n uint64
		var at int64
		err := scan(&key, &at, &n)
		k := issues.Key(key)
		if out[k] == nil {
			out[k] = make([]int64, steps)
		}
		out[k][at] = int64(n)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("count events over time in ClickHouse: %w", err)
	}
	return out, nil
}

// seriesQuery asks days, hours or events, as the steps allow.
func (s *Store) seriesQuery(q issues.SeriesQuery) (string, []any) {
	var w where
	w.keys(q.Keys)
	w.filter(q.Filter)
	if !q.FromCounts() {
		oldest, _ := s.keep.Expired()
		w.times(q.Span, oldest)
		return fmt.Sprintf("SELECT key, intDiv(time - %d, %d) AS step, count() FROM issue_events WHERE %s GROUP BY key, step",
			q.Span.From.UnixNano(), int64(q.Step), w.String()), w.args
	}
	counts, args := s.countsOf(q.Span, w, q.Step%day == 0 && q.Span.From.Equal(q.Span.From.Truncate(day)))
	return fmt.Sprintf("SELECT key, intDiv(toInt64(at) - %d, %d) AS step, sum(c.events) FROM %s AS c GROUP BY key, step",
		q.Span.From.Unix(), int64(q.Step/time.Second), counts) + perPartition, args
}

// eventColumns are what an event is made of, in the order of insertEvents and
// scanEvent.
const eventColumns = "time, id, key, exception, stream, env, service, level, type, message, culprit, text, correlation, tags"

// Events is issues.Reader's.
func (s *Store) Events(ctx context.Context, q issues.EventQuery) ([]issues.Event, error) {
	oldest, _ := s.keep.Expired()
	var w where
	w.times(q.Span, oldest)
	if len(q.Keys) > 0 {
		w.keys(q.Keys)
	}
	w.filter(q.Filter)
	direction, operator := "DESC", "<"
	if q.Ascending {
		direction, operator = "ASC", ">"
	}
	if q.After != nil {
		w.and(fmt.Sprintf("(time %[1]s ? OR time = ? AND id %[1]s unhex(?))", operator), q.After.Time, q.After.Time, hex.EncodeToString(q.After.ID[:]))
	}
	query := fmt.Sprintf("SELECT %s FROM issue_events WHERE %s ORDER BY time %s, id %s LIMIT %d", eventColumns, w.String(), direction, direction, cmp.Or(q.Limit, 100))
	var events []issues.Event
	err := s.each(ctx, query, func(scan scanner) error {
		e, err := scanEvent(scan)
		events = append(events, e)
		return err
	}, w.args...)
	if err != nil {
		return nil, fmt.Errorf("read events of ClickHouse: %w", err)
	}
	return events, nil
}

// scanEvent reads a row of eventColumns.
func scanEvent(scan scanner) (issues.Event, error) {
	var e issues.Event
	var id string
	var key, exception uint64
	err := scan(&e.Time, &id, &key, &exception, &e.Stream, &e.Env, &e.Service, &e.Level,
		&e.Type, &e.Message, &e.Culprit, &e.Text, &e.Correlation, &e.Tags)
	copy(e.ID[:], id)
	e.Key, e.Exception = issues.Key(key), issues.Key(exception)
	if len(e.Tags) == 0 {
		e.Tags = nil
	}
	return e, err
}

// Tags is issues.Reader's.
func (s *Store) Tags(ctx context.Context, q issues.TagQuery) ([]issues.Tag, error) {
	if len(q.Keys) == 0 {
		return nil, nil
	}
	oldest, _ := s.keep.Expired()
	var w where
	w.times(q.Span, oldest)
	w.keys(q.Keys)
	w.filter(q.Filter)
	query := fmt.Sprintf("SELECT env, service, level, tags FROM issue_events WHERE %s ORDER BY time DESC LIMIT %d", w.String(), issues.TagSample)
	var counter issues.TagCounter
	err := s.each(ctx, query, func(scan scanner) error {
		var env, service, level string
		var tags map[string]string
		if err := scan(&env, &service, &level, &tags); err != nil {
			return err
		}
		counter.AddEvent(env, service, level, tags)
		return nil
	}, w.args...)
	if err != nil {
		return nil, fmt.Errorf("count tags in ClickHouse: %w", err)
	}
	return counter.Tags(q.Values), nil
}

// Users is issues.Reader's.
func (s *Store) Users(ctx context.Context, keys []issues.Key, span issues.Span, filter issues.Filter) (map[issues.Key]issues.Users, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	oldest, _ := s.keep.Expired()
	var w where
	w.times(span, oldest)
	w.keys(keys)
	w.filter(filter)
	query := fmt.Sprintf("SELECT key, tags FROM issue_events WHERE %s ORDER BY time DESC LIMIT %d BY key", w.String(), issues.UserSample+1)
	found := map[issues.Key]issues.Users{}
	err := s.each(ctx, query, func(scan scanner) error {
		var key uint64
		var tags map[string]string
		if err := scan(&key, &tags); err != nil {
			return err
		}
		users := found[issues.Key(key)]
		users.Add(tags)
		found[issues.Key(key)] = users
		return nil
	}, w.args...)
	if err != nil {
		return nil, fmt.Errorf("count users in ClickHouse: %w", err)
	}
	maps.DeleteFunc(found, func(_ issues.Key, users issues.Users) bool { return len(users.Names) == 0 })
	return found, nil
}

// Search is issues.Reader's.
func (s *Store) Search(ctx context.Context, text string, limit int) ([]issues.Key, error) {
	var w where
	for _, term := range issues.SearchTerms(text) {
		w.and("position(words, ?) > 0", term)
	}
	if len(w.args) == 0 {
		return nil, nil
	}
	keys, err := s.keys(ctx, fmt.Sprintf("SELECT DISTINCT key FROM issue_texts WHERE %s LIMIT %d", w.String(), limit), w.args...)
	if err != nil {
		return nil, fmt.Errorf("search for words in ClickHouse: %w", err)
	}
	return keys, nil
}

// Tagged is issues.Reader's.
func (s *Store) Tagged(ctx context.Context, span issues.Span, name, value string) ([]issues.Key, error) {
	oldest, _ := s.keep.Expired()
	first, last := hourOf(max(span.From.UnixNano(), oldest.UnixNano())), hourOf(span.To.UnixNano()-1)
	keys, err := s.keys(ctx, "SELECT DISTINCT key FROM issue_tags WHERE name = ? AND value = ? AND day >= toDate(?) AND day <= toDate(?)",
		name, value, first.Format(time.DateOnly), last.Format(time.DateOnly))
	if err != nil {
		return nil, fmt.Errorf("look for keys with the tag %s in ClickHouse: %w", name, err)
	}
	return keys, nil
}

// Calling is issues.Reader's.
func (s *Store) Calling(ctx context.Context, function string) ([]issues.Key, error) {
	keys, err := s.keys(ctx, "SELECT DISTINCT key FROM issue_functions WHERE function = ?", function)
	if err != nil {
		return nil, fmt.Errorf("look for keys with a function in ClickHouse: %w", err)
	}
	return keys, nil
}

// keys reads keys.
func (s *Store) keys(ctx context.Context, query string, args ...any) ([]issues.Key, error) {
	var keys []issues.Key
	err := s.each(ctx, query, func(scan scanner) error {
		var key uint64
		err := scan(&key)
		keys = append(keys, issues.Key(key))
		return err
	}, args...)
	return keys, err
}

// StreamHours is issues.Reader's.
func (s *Store) StreamHours(ctx context.Context, span issues.Span) ([]issues.StreamHour, error) {
	_, oldest := s.keep.Expired()
	var w where
	w.hours(span, oldest)
	var hours []issues.StreamHour
	err := s.each(ctx, "SELECT stream, hour, sum(events) FROM "+finalCounts(w)+" GROUP BY stream, hour"+perPartition, func(scan scanner) error {
		var h issues.StreamHour
		var n uint64
		err := scan(&h.Stream, &h.Hour, &n)
		h.Hour, h.Events = h.Hour.UTC(), int64(n)
		hours = append(hours, h)
		return err
	}, w.args...)
	if err != nil {
		return nil, fmt.Errorf("count events by stream in ClickHouse: %w", err)
	}
	return hours, nil
}

// Counts is issues.Reader's.
func (s *Store) Counts(ctx context.Context, hour time.Time, stream string) ([]issues.Count, error) {
	var counts []issues.Count
	var w where
	w.and("hour = ? AND stream = ?", hourOf(hour.UnixNano()), stream)
	err := s.each(ctx, "SELECT key, env, service, level, events, first, last FROM "+finalCounts(w)+perPartition, func(scan scanner) error {
		var c issues.Count
		var key, n uint64
		var first, last int64
		err := scan(&key, &c.Env, &c.Service, &c.Level, &n, &first, &last)
		c.Key, c.Events = issues.Key(key), int64(n)
		c.First, c.Last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
		counts = append(counts, c)
		return err
	}, w.args...)
	if err != nil {
		return nil, fmt.Errorf("read the counts of the hour %s of %s in ClickHouse: %w", hour, stream, err)
	}
	return counts, nil
}
