package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

const day = 24 * time.Hour

// days knows for which days issue_days has the counts of issue_counts, and their
// version there. A list of a month reads days, and hours for the rest.
type days struct {
	mu      sync.RWMutex
	version map[time.Time]uint64
}

// changed forgets the days of hours that are about to be written to.
func (d *days) changed(hours ...time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, hour := range hours {
		delete(d.version, hour.Truncate(day))
	}
}

// parts are a span as whole days that are in issue_days and spans of hours.
type parts struct {
	days  []string // SQL tuples of day and version
	hours []issues.Span
}

// split cuts the full hours from first to last into parts.
func (d *days) split(first, last time.Time) parts {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var p parts
	for at := first; !at.After(last); {
		next := at.Truncate(day).Add(day)
		version, ok := d.version[at]
		switch n := len(p.hours); {
		case ok && !next.Add(-time.Hour).After(last):
			p.days = append(p.days, fmt.Sprintf("('%s',%d)", at.Format(time.DateOnly), version))
		case n > 0 && p.hours[n-1].To.Equal(at):
			p.hours[n-1].To = next
		default:
			p.hours = append(p.hours, issues.Span{From: at, To: next})
		}
		at = next
	}
	switch n := len(p.hours); {
	case n > 0 && p.hours[n-1].To.After(last):
		p.hours[n-1].To = last.Add(time.Hour)
	case n+len(p.days) == 0: // nothing of the span is kept: an empty part of it
		p.hours = append(p.hours, issues.Span{From: first, To: first})
	}
	return p
}

// countsOf is a table expression of the counts of a span, by days where they are
// wanted and there, else by hours: key, at (the start of the day or hour),
// events, first and last.
func (s *Store) countsOf(span issues.Span, conditions where, byDays bool) (string, []any) {
	_, oldest := s.keep.Expired()
	first, last := hourOf(max(span.From.UnixNano(), oldest.UnixNano())), hourOf(span.To.UnixNano()-1)
	p := parts{hours: []issues.Span{{From: first, To: last.Add(time.Hour)}}}
	if byDays {
		p = s.days.split(first, last)
	}
	const columns = "SELECT key, %s AS at, events, first, last FROM "
	var selects []string
	var args []any
	if len(p.days) > 0 {
		w := conditions.with("(day, version) IN (" + strings.Join(p.days, ",") + ")")
		selects, args = append(selects, fmt.Sprintf(columns, "toUnixTimestamp(toDateTime(day, 'UTC'))")+"issue_days WHERE "+w.String()), append(args, w.args...)
	}
	for _, span := range p.hours {
		w := conditions.with("hour >= ? AND hour < ?", span.From, span.To)
		selects, args = append(selects, fmt.Sprintf(columns, "toUnixTimestamp(hour)")+finalCounts(w)), append(args, w.args...)
	}
	return "(" + strings.Join(selects, " UNION ALL ") + ")", args
}

// loadDays reads which days are whole: those that were added up after their
// hours were last written to.
func (s *Store) loadDays(ctx context.Context) error {
	return s.each(ctx, `SELECT toDateTime(day, 'UTC'), added FROM
			(SELECT day, max(version) AS added FROM issue_days_done GROUP BY day) AS d
			LEFT JOIN (SELECT toDate(hour) AS day, max(version) AS written FROM issue_counts GROUP BY day) AS c ON d.day = c.day
		WHERE added > written`, func(scan scanner) error {
		var at time.Time
		var version uint64
		err := scan(&at, &version)
		s.days.version[at.UTC()] = version
		s.version = max(s.version, version)
		return err
	})
}

// addUpDays adds up the past days that are not in issue_days, and deletes what
// was replaced the time before: a query may have begun with it. It needs the
// lock of writing.
func (s *Store) addUpDays(ctx context.Context, now time.Time) error {
	if err := s.deleteReplacedDays(ctx); err != nil {
		return err
	}
	var missing []time.Time
	err := s.each(ctx, "SELECT DISTINCT toDateTime(toDate(hour), 'UTC') FROM issue_counts WHERE hour < ?", func(scan scanner) error {
		var at time.Time
		err := scan(&at)
		if _, ok := s.days.version[at.UTC()]; !ok { // changed under s.mu alone
			missing = append(missing, at.UTC())
		}
		return err
	}, now.UTC().Truncate(day))
	if err != nil {
		return fmt.Errorf("look for days: %w", err)
	}
	slices.SortFunc(missing, time.Time.Compare)
	for _, at := range missing {
		if err := s.addUpDay(ctx, at); err != nil {
			return fmt.Errorf("add up the day %s: %w", at.Format(time.DateOnly), err)
		}
	}
	return nil
}

// addUpDay adds up one day. Its rows count once it is noted as done.
func (s *Store) addUpDay(ctx context.Context, at time.Time) error {
	version := s.nextVersion()
	err := s.conn.Exec(ctx, fmt.Sprintf(`INSERT INTO issue_days (day, key, env, service, level, events, first, last, version)
		SELECT toDate(hour) AS day, key, env, service, level, sum(c.events), min(c.first), max(c.last), %d
		FROM issue_counts AS c FINAL PREWHERE hour >= ? AND hour < ? WHERE events > 0 GROUP BY day, key, env, service, level`, version), at, at.Add(day))
	if err != nil {
		return err
	}
	if err := s.conn.Exec(ctx, fmt.Sprintf("INSERT INTO issue_days_done SELECT toDate('%s'), %d", at.Format(time.DateOnly), version)); err != nil {
		return err
	}
	s.days.mu.Lock()
	defer s.days.mu.Unlock()
	s.days.version[at] = version
	return nil
}

// deleteReplacedDays deletes the rows of days of versions that no query begins
// with any more.
func (s *Store) deleteReplacedDays(ctx context.Context) error {
	replaced := "(day, version) NOT IN (SELECT day, max(version) FROM issue_days_done GROUP BY day)"
	for _, table := range []string{"issue_days", "issue_days_done"} {
		var n uint64
		if err := s.conn.QueryRow(ctx, "SELECT count() FROM "+table+" WHERE "+replaced).Scan(&n); err != nil {
			return fmt.Errorf("look for replaced days: %w", err)
		}
		if n == 0 {
			continue
		}
		if err := s.conn.Exec(ctx, "DELETE FROM "+table+" WHERE "+replaced); err != nil {
			return fmt.Errorf("delete replaced days: %w", err)
		}
	}
	return nil
}
