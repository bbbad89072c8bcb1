package usage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// countedDays returns when each day was counted, by its start.
func countedDays(ctx context.Context, db *sql.DB) (map[int64]time.Time, error) {
	rows, err := db.QueryContext(ctx, `SELECT day, counted_at FROM usage_days`)
	if err != nil {
		return nil, fmt.Errorf("read the days of usage: %w", err)
	}
	defer rows.Close()
	days := map[int64]time.Time{}
	for rows.Next() {
		var start, at int64
		if err := rows.Scan(&start, &at); err != nil {
			return nil, fmt.Errorf("read the days of usage: %w", err)
		}
		days[start] = time.Unix(at, 0)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the days of usage: %w", err)
	}
	return days, nil
}

// lineSizes returns the mean size of lines since a time, in bytes.
func lineSizes(ctx context.Context, db *sql.DB, since time.Time) (map[streams]float64, error) {
	rows, err := db.QueryContext(ctx, `SELECT env, service, level, sum(bytes), sum(lines) FROM usage_hours
		WHERE hour >= ? GROUP BY env, service, level HAVING sum(lines) > 0 AND sum(bytes) > 0`, since.Unix())
	if err != nil {
		return nil, fmt.Errorf("read the sizes of lines: %w", err)
	}
	defer rows.Close()
	sizes := map[streams]float64{}
	for rows.Next() {
		var key streams
		var bytes, lines int64
		if err := rows.Scan(&key.env, &key.service, &key.level, &bytes, &lines); err != nil {
			return nil, fmt.Errorf("read the sizes of lines: %w", err)
		}
		sizes[key] = float64(bytes) / float64(lines)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the sizes of lines: %w", err)
	}
	return sizes, nil
}

// store keeps what a day was counted to have, in place of what was kept of it. Of
// what Loki has deleted since, what was kept stays.
func store(ctx context.Context, db *sql.DB, start time.Time, hours []hour, at time.Time) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keep the usage of %s: %w", start.Format(time.DateOnly), err)
	}
	defer tx.Rollback() // no effect after Commit
	if err := storeIn(ctx, tx, start, hours, at); err != nil {
		return fmt.Errorf("keep the usage of %s: %w", start.Format(time.DateOnly), err)
	}
	return tx.Commit()
}

func storeIn(ctx context.Context, tx *sql.Tx, start time.Time, hours []hour, at time.Time) error {
	before, err := hourBytes(ctx, tx, start)
	if err != nil {
		return err
	}
	bytes := map[int64]int64{}
	for _, h := range hours {
		bytes[h.start.Unix()] += h.bytes
	}
	gone := isGone(before, bytes)
	if err := noteCounted(ctx, tx, start, hours, at, gone); err != nil {
		return err
	}
	stays := func(hour int64) bool { return gone && bytes[hour] <= before[hour] }
	for hour := range before {
		if stays(hour) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM usage_hours WHERE hour = ?`, hour); err != nil {
			return err
		}
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO usage_hours (hour, env, service, level, bytes, lines) VALUES (?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, h := range hours {
		if stays(h.start.Unix()) {
			continue
		}
		if _, err := insert.ExecContext(ctx, h.start.Unix(), h.env, h.service, h.level, h.bytes, h.lines); err != nil {
			return err
		}
	}
	return nil
}

// noteCounted notes when a day was counted: one of which something is gone only if
// what is left begins where the last count ended.
func noteCounted(ctx context.Context, tx *sql.Tx, start time.Time, hours []hour, at time.Time, gone bool) error {
	if !gone {
		_, err := tx.ExecContext(ctx, `INSERT INTO usage_days (day, counted_at) VALUES (?, ?)
			ON CONFLICT (day) DO UPDATE SET counted_at = excluded.counted_at`, start.Unix(), at.Unix())
		return err
	}
	left := earlier(start.Add(day), at)
	for _, h := range hours {
		left = earlier(left, h.start)
	}
	_, err := tx.ExecContext(ctx, `UPDATE usage_days SET counted_at = ? WHERE day = ? AND counted_at >= ?`, at.Unix(), start.Unix(), left.Add(-2*every).Unix())
	return err
}

// hourBytes returns the bytes that are kept of the hours of a day, by their start.
func hourBytes(ctx context.Context, tx *sql.Tx, start time.Time) (map[int64]int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT hour, sum(bytes) FROM usage_hours WHERE hour >= ? AND hour < ? GROUP BY hour`, start.Unix(), start.Add(day).Unix())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	bytes := map[int64]int64{}
	for rows.Next() {
		var hour, sum int64
		if err := rows.Scan(&hour, &sum); err != nil {
			return nil, err
		}
		bytes[hour] = sum
	}
	return bytes, rows.Err()
}

// hoursOf returns what is kept of a day.
func hoursOf(ctx context.Context, db *sql.DB, start time.Time) ([]hour, error) {
	rows, err := db.QueryContext(ctx, `SELECT hour, env, service, level, bytes, lines FROM usage_hours WHERE hour >= ? AND hour < ?`,
		start.Unix(), start.Add(day).Unix())
	if err != nil {
		return nil, fmt.Errorf("read the usage of %s: %w", start.Format(time.DateOnly), err)
	}
	defer rows.Close()
	var hours []hour
	for rows.Next() {
		var one hour
		var at int64
		if err := rows.Scan(&at, &one.env, &one.service, &one.level, &one.bytes, &one.lines); err != nil {
			return nil, fmt.Errorf("read the usage of %s: %w", start.Format(time.DateOnly), err)
		}
		one.start = time.Unix(at, 0)
		hours = append(hours, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the usage of %s: %w", start.Format(time.DateOnly), err)
	}
	return hours, nil
}

// goneLeast is how many bytes an hour had for its loss to be a loss: fewer may be
// rounded to another hour.
const goneLeast = 64 << 10

// isGone reports whether an hour that had bytes has none any more.
func isGone(before, now map[int64]int64) bool {
	for hour, bytes := range before {
		if _, has := now[hour]; !has && bytes >= goneLeast {
			return true
		}
	}
	return false
}

// forget deletes what is older than a time.
func forget(ctx context.Context, db *sql.DB, before time.Time) error {
	for _, statement := range []string{`DELETE FROM usage_hours WHERE hour < ?`, `DELETE FROM usage_days WHERE day < ?`} {
		if _, err := db.ExecContext(ctx, statement, before.Unix()); err != nil {
			return fmt.Errorf("forget old usage: %w", err)
		}
	}
	return nil
}

// sum is what streams have in one of several spans of time.
type sum struct {
	span           int
	service, level string
	Amount
}

// sums adds up hours by span, service and level. An hour is of the span in which
// it begins.
func sums(ctx context.Context, db *sql.DB, envs Envs, spans []span) ([]sum, error) {
	where, args := envs.where()
	values := make([]string, len(spans))
	var params []any
	for i, s := range spans {
		values[i] = "(?, ?, ?)"
		params = append(params, i, s.start.Unix(), s.end.Unix())
	}
	rows, err := db.QueryContext(ctx, `WITH spans (i, start, until) AS (VALUES `+strings.Join(values, ", ")+`)
		SELECT i, service, level, sum(bytes), sum(lines) FROM spans CROSS JOIN usage_hours
		WHERE hour >= start AND hour < until`+where+` GROUP BY i, service, level`, append(params, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	defer rows.Close()
	var list []sum
	for rows.Next() {
		var one sum
		if err := rows.Scan(&one.span, &one.service, &one.level, &one.Bytes, &one.Lines); err != nil {
			return nil, fmt.Errorf("read usage: %w", err)
		}
		list = append(list, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	return list, nil
}

// volumes returns the bytes of each hour of [start, end), of one service unless it
// is nil, in the order of time.
func volumes(ctx context.Context, db *sql.DB, envs Envs, service *string, start, end time.Time) ([]hour, error) {
	where, args := envs.where()
	if service != nil {
		where, args = where+" AND service = ?", append(args, *service)
	}
	rows, err := db.QueryContext(ctx, `SELECT hour, sum(bytes) FROM usage_hours WHERE hour >= ? AND hour < ?`+where+`
		GROUP BY hour HAVING sum(bytes) > 0 ORDER BY hour`, append([]any{start.Unix(), end.Unix()}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the hours of usage: %w", err)
	}
	defer rows.Close()
	var hours []hour
	for rows.Next() {
		var one hour
		var at int64
		if err := rows.Scan(&at, &one.bytes); err != nil {
			return nil, fmt.Errorf("read the hours of usage: %w", err)
		}
		one.start = time.Unix(at, 0)
		hours = append(hours, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the hours of usage: %w", err)
	}
	return hours, nil
}

// firstHour returns the first hour with a line, zero if there is none.
func firstHour(ctx context.Context, db *sql.DB, envs Envs) (time.Time, error) {
	where, args := envs.where()
	var first sql.NullInt64
	if err := db.QueryRowContext(ctx, `SELECT min(hour) FROM usage_hours WHERE true`+where, args...).Scan(&first); err != nil {
		return time.Time{}, fmt.Errorf("read the first hour of usage: %w", err)
	}
	if !first.Valid {
		return time.Time{}, nil
	}
	return time.Unix(first.Int64, 0), nil
}

// where returns the condition as SQL that follows another, with its arguments.
func (e Envs) where() (string, []any) {
	text, args := "", []any(nil)
	for operator, values := range map[string][]string{" AND env IN (": e.Any, " AND env NOT IN (": e.None} {
		if len(values) == 0 {
			continue
		}
		text += operator + strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ") + ")"
		for _, value := range values {
			args = append(args, value)
		}
	}
	return text, args
}
