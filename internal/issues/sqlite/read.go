package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// Totals is issues.Reader's.
func (s *Store) Totals(_ context.Context, span issues.Span, filter issues.Filter) ([]issues.Total, error) {
	return s.counts.totals(span, filter), nil
}

// StreamHours is issues.Reader's.
func (s *Store) StreamHours(_ context.Context, span issues.Span) ([]issues.StreamHour, error) {
	return s.counts.streamHours(span), nil
}

// Counts is issues.Reader's.
func (s *Store) Counts(_ context.Context, hour time.Time, stream string) ([]issues.Count, error) {
	return s.counts.of(hourOf(hour.UnixNano()), stream), nil
}

// Series is issues.Reader's.
func (s *Store) Series(ctx context.Context, q issues.SeriesQuery) (map[issues.Key][]int64, error) {
	steps, err := q.Steps()
	if err != nil {
		return nil, err
	}
	if q.FromCounts() {
		return s.counts.series(q), nil
	}
	from := q.Span.From.UnixNano()
	query := "SELECT (time - ?) / ?, count(*) FROM events WHERE key = ? AND time >= ? AND time < ?" + s.where(q.Filter) + " GROUP BY 1"
	out := make(map[issues.Key][]int64, len(q.Keys))
	for _, key := range q.Keys {
		err := each(ctx, s.read, query, func(scan scanner) error {
			var step, n int64
			if err := scan(&step, &n); err != nil {
				return err
			}
			if out[key] == nil {
				out[key] = make([]int64, steps)
			}
			out[key][step] = n
			return nil
		}, from, int64(q.Step), int64(key), from, q.Span.To.UnixNano())
		if err != nil {
			return nil, s.wrap("count events over time in", err)
		}
	}
	return out, nil
}

// where is the condition of a filter, with a leading AND, or "".
func (s *Store) where(f issues.Filter) string {
	if chosen := s.counts.selected(f); chosen != nil {
		return " AND source IN " + list(chosen)
	}
	return ""
}

// list is numbers as an SQL list.
func list(numbers map[int64]bool) string {
	text := []byte("(")
	for n := range numbers {
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, n, 10)
	}
	return string(append(text, ')'))
}

// eventColumns are what an event is read from.
const eventColumns = "time, id, key, source, exception, type, message, culprit, text, correlation, tags"

// Events is issues.Reader's. The index gives each key's events in order; those of
// several keys are merged here.
func (s *Store) Events(ctx context.Context, q issues.EventQuery) ([]issues.Event, error) {
	limit := cmp.Or(q.Limit, 100)
	condition, args := page(q)
	condition += s.where(q.Filter)
	direction := "DESC"
	if q.Ascending {
		direction = "ASC"
	}
	tail := fmt.Sprintf("%s ORDER BY time %s, id %s LIMIT %d", condition, direction, direction, limit)
	var events []issues.Event
	collect := func(scan scanner) error {
		e, err := s.scanEvent(scan)
		events = append(events, e)
		return err
	}
	if len(q.Keys) == 0 {
		err := each(ctx, s.read, "SELECT "+eventColumns+" FROM events WHERE "+tail, collect, args...)
		return events, s.wrap("read events of", err)
	}
	for _, key := range q.Keys {
		err := each(ctx, s.read, "SELECT "+eventColumns+" FROM events WHERE key = ? AND "+tail, collect, append([]any{int64(key)}, args...)...)
		if err != nil {
			return nil, s.wrap("read events of", err)
		}
	}
	slices.SortFunc(events, func(a, b issues.Event) int {
		if q.Ascending {
			return a.Position().Compare(b.Position())
		}
		return b.Position().Compare(a.Position())
	})
	return events[:min(limit, len(events))], nil
}

// page is the condition of the query's span and of the page before.
func page(q issues.EventQuery) (string, []any) {
	condition, args := "time >= ? AND time < ?", []any{q.Span.From.UnixNano(), q.Span.To.UnixNano()}
	if q.After == nil {
		return condition, args
	}
	operator := "<"
	if q.Ascending {
		operator = ">"
	}
	return condition + " AND (time, id) " + operator + " (?, ?)", append(args, q.After.Time, q.After.ID[:])
}

// scanEvent reads a row of eventColumns.
func (s *Store) scanEvent(scan scanner) (issues.Event, error) {
	var e issues.Event
	var id []byte
	var key, from, exception int64
	var tags string
	if err := scan(&e.Time, &id, &key, &from, &exception, &e.Type, &e.Message, &e.Culprit, &e.Text, &e.Correlation, &tags); err != nil {
		return e, err
	}
	copy(e.ID[:], id)
	e.Key, e.Exception = issues.Key(key), issues.Key(exception)
	src := s.source(from)
	e.Stream, e.Env, e.Service, e.Level = src.stream, src.env, src.service, src.level
	var err error
	e.Tags, err = decodeTags(tags)
	return e, err
}

func (s *Store) source(id int64) source {
	s.counts.mu.RLock()
	defer s.counts.mu.RUnlock()
	return s.counts.sources[id]
}

// decodeTags reads what encodeTags wrote.
func decodeTags(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var tags map[string]string
	if err := json.Unmarshal([]byte(text), &tags); err != nil {
		return nil, fmt.Errorf("decode the tags %q: %w", text, err)
	}
	return tags, nil
}

// Tags is issues.Reader's.
func (s *Store) Tags(ctx context.Context, q issues.TagQuery) ([]issues.Tag, error) {
	var counter issues.TagCounter
	for _, key := range q.Keys {
		err := each(ctx, s.read, "SELECT source, tags FROM events WHERE key = ? AND time >= ? AND time < ?"+s.where(q.Filter)+" ORDER BY time DESC, id DESC LIMIT ?",
			func(scan scanner) error {
				var from int64
				var text string
				if err := scan(&from, &text); err != nil {
					return err
				}
				src := s.source(from)
				tags, err := decodeTags(text)
				counter.AddEvent(src.env, src.service, src.level, tags)
				return err
			}, int64(key), q.Span.From.UnixNano(), q.Span.To.UnixNano(), max(1, issues.TagSample/len(q.Keys)))
		if err != nil {
			return nil, s.wrap("count tags in", err)
		}
	}
	return counter.Tags(q.Values), nil
}

// Users is issues.Reader's.
func (s *Store) Users(ctx context.Context, keys []issues.Key, span issues.Span, filter issues.Filter) (map[issues.Key]issues.Users, error) {
	query := "SELECT tags FROM events WHERE key = ? AND time >= ? AND time < ?" + s.where(filter) + " ORDER BY time DESC, id DESC LIMIT ?"
	out := map[issues.Key]issues.Users{}
	for _, key := range keys {
		var users issues.Users
		err := each(ctx, s.read, query, func(scan scanner) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			tags, err := decodeTags(text)
			users.Add(tags)
			return err
		}, int64(key), span.From.UnixNano(), span.To.UnixNano(), issues.UserSample+1)
		if err != nil {
			return nil, s.wrap("count users in", err)
		}
		if len(users.Names) > 0 {
			out[key] = users
		}
	}
	return out, nil
}

// Search is issues.Reader's.
func (s *Store) Search(ctx context.Context, text string, limit int) ([]issues.Key, error) {
	terms := issues.SearchTerms(text)
	if len(terms) == 0 {
		return nil, nil
	}
	var match strings.Builder
	for _, term := range terms { // letters, digits and spaces alone
		fmt.Fprintf(&match, `"%s"* `, strings.TrimPrefix(term, " "))
	}
	var keys []issues.Key
	err := each(ctx, s.read, "SELECT DISTINCT key FROM texts WHERE seq IN (SELECT rowid FROM words WHERE words MATCH ?) LIMIT ?", func(scan scanner) error {
		var key int64
		err := scan(&key)
		keys = append(keys, issues.Key(key))
		return err
	}, match.String(), limit)
	return keys, s.wrap("search for words in", err)
}
