package alerts

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Filter selects episodes.
type Filter struct {
	// Env are environments; episodes without one always fit. Empty: all.
	Env []string
}

// where renders the filter as a condition with its arguments.
func (f Filter) where() (string, []any) {
	if len(f.Env) == 0 {
		return "", nil
	}
	args := make([]any, len(f.Env))
	for i, env := range f.Env {
		args[i] = env
	}
	return " AND env IN ('', ?" + strings.Repeat(",?", len(args)-1) + ")", args
}

const episodeColumns = `SELECT id, fingerprint, name, severity, service, env, starts_at, began, ended_at, inferred, source = 'poll' AND receiver = '',
	labels, annotations, generator_url, receiver, extra FROM alert_episodes `

func scanEpisode(scan func(...any) error) (Episode, error) {
	var e Episode
	var starts, began, ended int64
	var labels, annotations, extra string
	err := scan(&e.ID, &e.Fingerprint, &e.Name, &e.Severity, &e.Service, &e.Env, &starts, &began, &ended, &e.Inferred, &e.Polled,
		&labels, &annotations, &e.GeneratorURL, &e.Receiver, &extra)
	if err != nil {
		return e, err
	}
	e.StartsAt, e.Began, e.Ended, e.Extra = timeOf(starts), timeOf(began), timeOf(ended), json.RawMessage(extra)
	return e, errors.Join(json.Unmarshal([]byte(labels), &e.Labels), json.Unmarshal([]byte(annotations), &e.Annotations))
}

// severities are the known ones, the gravest first; others come behind them.
var severities = []string{"critical", "error", "warning", "info"}

// gravity orders severities: the gravest first.
func gravity(severity string) int {
	if i := slices.Index(severities, severity); i >= 0 {
		return i
	}
	return len(severities)
}

// firingWhere selects what fires.
const firingWhere = "WHERE status = 'firing' AND name <> '" + Watchdog + "'"

// CountFiring returns how many episodes have not ended, but not the Watchdog's.
func (s *Store) CountFiring(ctx context.Context, f Filter) (int, error) {
	where, args := f.where()
	var total int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM alert_episodes "+firingWhere+where, args...).Scan(&total); err != nil {
		return 0, fmt.Errorf("count firing alerts: %w", err)
	}
	return total, nil
}

// firingMax is how many firing alerts are listed.
const firingMax = 1000

// Firing returns the episodes that have not ended, the gravest first, then the
// newest, but not the Watchdog; at most 1000 of how many there are.
func (s *Store) Firing(ctx context.Context, f Filter) (list []Episode, total int, err error) {
	if total, err = s.CountFiring(ctx, f); err != nil {
		return nil, 0, err
	}
	where, args := f.where()
	order := " ORDER BY CASE severity"
	for i, severity := range severities {
		order += fmt.Sprintf(" WHEN '%s' THEN %d", severity, i)
	}
	order += fmt.Sprintf(" ELSE %d END, began DESC, id DESC LIMIT %d", len(severities), firingMax)
	list, err = s.episodes(ctx, firingWhere+where+order, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("read firing alerts: %w", err)
	}
	return list, total, nil
}

func (s *Store) episodes(ctx context.Context, rest string, args ...any) ([]Episode, error) {
	rows, err := s.db.QueryContext(ctx, episodeColumns+rest, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Episode
	for rows.Next() {
		e, err := scanEpisode(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// Episode returns one episode; the error wraps ErrNoEpisode if there is none.
func (s *Store) Episode(ctx context.Context, id int64) (Episode, error) {
	e, err := scanEpisode(s.db.QueryRowContext(ctx, episodeColumns+"WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return e, fmt.Errorf("%w: %d", ErrNoEpisode, id)
	}
	if err != nil {
		return e, fmt.Errorf("read the episode %d: %w", id, err)
	}
	return e, nil
}

// WatchdogSince returns whether the Watchdog fires, and since when it does or does
// not; the time is zero if it was never seen.
func (s *Store) WatchdogSince(ctx context.Context) (fires bool, since time.Time, err error) {
	var status sql.NullString
	var began, ended int64
	row := s.db.QueryRowContext(ctx, "SELECT status, began, ended_at FROM alert_episodes WHERE name = ? ORDER BY status = 'firing' DESC, ended_at DESC LIMIT 1", Watchdog)
	err = row.Scan(&status, &began, &ended)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, time.Time{}, nil
	case err != nil:
		return false, time.Time{}, fmt.Errorf("look for the Watchdog: %w", err)
	case status.String == "firing":
		return true, timeOf(began), nil
	}
	return false, timeOf(ended), nil
}

const (
	// timelineMax is how many episodes a timeline has at most.
	timelineMax = 5000
	// flapping is how many episodes of one alert within flappingIn make it flap.
	flapping   = 3
	flappingIn = time.Hour
)

// Span is a time from From on, before To.
type Span struct{ From, To time.Time }

// Timeline is what fired in a time.
type Timeline struct {
	Rows []Row
	// Gaps are times in which nobody looked.
	Gaps []Span
	// Partial means that only the newest 5000 episodes are in it.
	Partial bool
}

// Row is the episodes of all alerts of one name, the oldest first.
type Row struct {
	Name     string
	Severity string // the gravest
	Episodes []Episode
	// Flaps is how often one of the alerts began within an hour, if that is three
	// times or more; else 0. Episodes without a time in between are one here.
	Flaps int
	// Recovery is how long the episodes that ended lasted on average, those without a
	// time in between as one; 0 if none did.
	Recovery time.Duration
}

// Timeline returns the episodes of a time by the name of the alert: those with
// firing ones first, then those that began last. Labels and texts are left out.
func (s *Store) Timeline(ctx context.Context, span Span, f Filter) (Timeline, error) {
	where, args := f.where()
	from, to := span.From.UnixMilli(), span.To.UnixMilli()
	rows, err := s.db.QueryContext(ctx, `SELECT id, fingerprint, name, severity, service, env, began, ended_at, inferred FROM alert_episodes
		WHERE (status = 'firing' OR ended_at >= ?) AND began < ? AND name <> ?`+where+" ORDER BY began DESC, id DESC LIMIT ?",
		append(append([]any{from, to, Watchdog}, args...), timelineMax+1)...)
	if err != nil {
		return Timeline{}, fmt.Errorf("read the timeline of alerts: %w", err)
	}
	defer rows.Close()
	var list []Episode
	for rows.Next() {
		var e Episode
		var began, ended int64
		if err := rows.Scan(&e.ID, &e.Fingerprint, &e.Name, &e.Severity, &e.Service, &e.Env, &began, &ended, &e.Inferred); err != nil {
			return Timeline{}, fmt.Errorf("read the timeline of alerts: %w", err)
		}
		e.Began, e.Ended = timeOf(began), timeOf(ended)
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return Timeline{}, fmt.Errorf("read the timeline of alerts: %w", err)
	}
	t := Timeline{Partial: len(list) > timelineMax}
	list = list[:min(len(list), timelineMax)]
	slices.Reverse(list)
	t.Rows = rowsOf(list)
	t.Gaps, err = s.gaps(ctx, span)
	return t, err
}

// rowsOf groups episodes, which are in order of their begin.
func rowsOf(list []Episode) []Row {
	byName := map[string]*Row{}
	for _, e := range list {
		row := byName[e.Name]
		if row == nil {
			row = &Row{Name: e.Name, Severity: e.Severity}
			byName[e.Name] = row
		}
		if gravity(e.Severity) < gravity(row.Severity) {
			row.Severity = e.Severity
		}
		row.Episodes = append(row.Episodes, e)
	}
	rows := make([]Row, 0, len(byName))
	for _, row := range byName {
		whole := joined(row.Episodes)
		row.Flaps, row.Recovery = flaps(whole), recovery(whole)
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		last := func(r Row) time.Time { return r.Episodes[len(r.Episodes)-1].Began }
		return cmp.Or(-cmp.Compare(firingOf(a), firingOf(b)), last(b).Compare(last(a)), strings.Compare(a.Name, b.Name))
	})
	return rows
}

// joined makes one of episodes of an alert that follow each other without a time in
// between: it did not end, a restart of Prometheus gave it another begin.
func joined(list []Episode) []Episode {
	whole := make([]Episode, 0, len(list))
	last := map[string]int{} // by fingerprint
	for _, e := range list {
		i, ok := last[e.Fingerprint]
		if ok && whole[i].Inferred && whole[i].Ended.Equal(e.Began) {
			whole[i].Ended, whole[i].Inferred = e.Ended, e.Inferred
			continue
		}
		last[e.Fingerprint] = len(whole)
		whole = append(whole, e)
	}
	return whole
}

// firingOf is 1 if an episode of the row fires, else 0.
func firingOf(r Row) int {
	if slices.ContainsFunc(r.Episodes, Episode.IsFiring) {
		return 1
	}
	return 0
}

// flaps counts how often one alert began within flappingIn at most.
func flaps(list []Episode) int {
	begins := map[string][]time.Time{}
	most := 0
	for _, e := range list {
		recent := append(begins[e.Fingerprint], e.Began)
		for e.Began.Sub(recent[0]) > flappingIn {
			recent = recent[1:]
		}
		begins[e.Fingerprint] = recent
		most = max(most, len(recent))
	}
	if most < flapping {
		return 0
	}
	return most
}

// recovery is how long ended episodes lasted on average.
func recovery(list []Episode) time.Duration {
	var sum time.Duration
	var n time.Duration
	for _, e := range list {
		if !e.IsFiring() {
			sum += e.Ended.Sub(e.Began)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// gaps returns the times of a span in which Alertmanager was not looked at, up to
// now. What is too recent for the next look is none.
func (s *Store) gaps(ctx context.Context, span Span) ([]Span, error) {
	from, to := span.From, span.To
	if latest := s.now().Add(-3 * PollEvery); to.After(latest) {
		to = latest
	}
	rows, err := s.db.QueryContext(ctx, "SELECT began, until FROM alert_watch WHERE until >= ? AND began < ? ORDER BY began", from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("read when Alertmanager was looked at: %w", err)
	}
	defer rows.Close()
	var gaps []Span
	for rows.Next() {
		var began, until int64
		if err := rows.Scan(&began, &until); err != nil {
			return nil, fmt.Errorf("read when Alertmanager was looked at: %w", err)
		}
		if start := timeOf(began); start.After(from) {
			gaps = append(gaps, Span{from, start})
		}
		from = timeOf(until)
	}
	if to.After(from) {
		gaps = append(gaps, Span{from, to})
	}
	return gaps, rows.Err()
}
