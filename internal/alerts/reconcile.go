package alerts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// looked is one look at Alertmanager.
type looked struct {
	// at is when it was asked: what was heard of since may be missing in it.
	at     time.Time
	alerts []Live
}

// doubts are what a look at Alertmanager showed otherwise than it is stored, and
// the next look has to confirm. Keys are numbers of episodes.
type doubts struct {
	missing map[int64]int64 // open ones that it did not have, and since when, in unix milliseconds
	back    map[int64]bool  // ended ones that it had
}

// reconcile compares the open episodes with a look at Alertmanager: it opens those
// that were missed and ends those that were missing in the look before as well. It
// returns what is in doubt now. every is the time between two looks.
func (s *Store) reconcile(ctx context.Context, l looked, before doubts, every time.Duration) (doubts, Taken, error) {
	var now doubts
	var taken Taken
	err := s.transact(ctx, func(x *tx) error {
		now, taken = doubts{map[int64]int64{}, map[int64]bool{}}, Taken{}
		fires := map[string]bool{}
		for _, a := range l.alerts {
			fires[keyOf(a.Fingerprint, a.StartsAt.UnixMilli())] = true
			if err := x.confirm(a.Alert, before, now, &taken); err != nil {
				return err
			}
		}
		open, err := x.openBefore(l.at)
		if err != nil {
			return err
		}
		for id, key := range open {
			if fires[key] {
				continue
			}
			since, again := before.missing[id]
			if !again {
				now.missing[id] = l.at.UnixMilli()
				continue
			}
			taken.Ended++
			if err := x.exec("UPDATE alert_episodes SET status = 'resolved', inferred = 1, ended_at = max(began, ?) WHERE id = ?", since, id); err != nil {
				return err
			}
		}
		return x.watched(every)
	})
	if err != nil {
		return before, Taken{}, fmt.Errorf("store what Alertmanager has: %w", err)
	}
	return now, taken, nil
}

// endUnheard ends the open episodes of which nothing was heard since a time, at the
// last time that something was, to the hour.
func (s *Store) endUnheard(ctx context.Context, since time.Time) error {
	err := s.transact(ctx, func(x *tx) error {
		return x.exec("UPDATE alert_episodes SET status = 'resolved', inferred = 1, ended_at = max(began, heard_at) WHERE status = 'firing' AND heard_at < ?", since.UnixMilli())
	})
	if err != nil {
		return fmt.Errorf("end alerts of which nothing was heard since %s: %w", since, err)
	}
	return nil
}

// confirm stores that an alert fires now. An end that was told is taken back after
// two looks: while Prometheus cannot reach Alertmanager, that takes its alerts for
// ended, and when it can again they have the same begin.
func (x *tx) confirm(a Alert, before, now doubts, taken *Taken) error {
	starts := a.StartsAt.UnixMilli()
	k, err := scanKnown(x.QueryRowContext(x.ctx, knownQuery, a.Fingerprint, starts))
	if err != nil {
		return err
	}
	switch {
	case k.id == 0:
		taken.Opened++
		return x.open(a, tell(a, Notification{}), "poll")
	case k.firing:
		return nil
	case !k.inferred && !before.back[k.id]:
		now.back[k.id] = true
		return nil
	}
	taken.Reopened++
	return x.reopen(k.id, a)
}

// openBefore returns the keys of the open episodes that were heard of before a time, by
// their numbers.
func (x *tx) openBefore(before time.Time) (map[int64]string, error) {
	rows, err := x.QueryContext(x.ctx, "SELECT id, fingerprint, starts_at FROM alert_episodes WHERE status = 'firing' AND heard_at < ?", before.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	open := map[int64]string{}
	for rows.Next() {
		var id, starts int64
		var fingerprint string
		if err := rows.Scan(&id, &fingerprint, &starts); err != nil {
			return nil, err
		}
		open[id] = keyOf(fingerprint, starts)
	}
	return open, rows.Err()
}

func keyOf(fingerprint string, starts int64) string { return fmt.Sprintf("%s@%d", fingerprint, starts) }

// watched notes that Alertmanager was looked at. Looks that follow one another are
// one time of watching.
func (x *tx) watched(every time.Duration) error {
	var began, until int64
	err := x.QueryRowContext(x.ctx, "SELECT began, until FROM alert_watch ORDER BY began DESC LIMIT 1").Scan(&began, &until)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && x.now >= until && x.now-until <= (3*every).Milliseconds() {
		return x.exec("UPDATE alert_watch SET until = ? WHERE began = ?", x.now, began)
	}
	return x.exec("INSERT INTO alert_watch (began, until) VALUES (?, ?) ON CONFLICT DO UPDATE SET until = max(until, excluded.until)", x.now, x.now)
}
