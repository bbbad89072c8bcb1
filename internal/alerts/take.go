package alerts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"
)

// Taken says what a notification or a look at Alertmanager changed.
type Taken struct {
	Opened, Ended, Reopened int
}

// Take stores a notification, all of it or nothing. One that says nothing new
// writes nothing.
func (s *Store) Take(ctx context.Context, n Notification) (Taken, error) {
	var taken Taken
	alerts, err := s.news(ctx, n)
	if err == nil && len(alerts) > 0 {
		err = s.transact(ctx, func(x *tx) error {
			for _, a := range alerts {
				if err := x.take(a, n, &taken); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return Taken{}, fmt.Errorf("store a notification of %d alerts: %w", len(n.Alerts), err)
	}
	return taken, nil
}

// news returns the alerts of a notification that may change something.
func (s *Store) news(ctx context.Context, n Notification) ([]Alert, error) {
	if len(n.Alerts) == 0 {
		return nil, nil
	}
	look, err := s.db.PrepareContext(ctx, knownQuery)
	if err != nil {
		return nil, err
	}
	defer look.Close()
	var news []Alert
	for _, a := range n.Alerts {
		k, err := scanKnown(look.QueryRowContext(ctx, a.Fingerprint, a.StartsAt.UnixMilli()))
		if err != nil {
			return nil, err
		}
		if k.change(a, n, s.now().UnixMilli()) != nothing {
			news = append(news, a)
		}
	}
	return news, nil
}

// known is what is stored of an episode; id is 0 when it is not.
type known struct {
	id       int64
	firing   bool
	inferred bool
	heard    int64 // unix milliseconds
	told     told
}

// told is what may differ from one notification of an episode to the next.
type told struct{ annotations, generatorURL, receiver, extra string }

const knownQuery = "SELECT id, status = 'firing', inferred, heard_at, annotations, generator_url, receiver, extra FROM alert_episodes WHERE fingerprint = ? AND starts_at = ?"

func scanKnown(row *sql.Row) (known, error) {
	var k known
	err := row.Scan(&k.id, &k.firing, &k.inferred, &k.heard, &k.told.annotations, &k.told.generatorURL, &k.told.receiver, &k.told.extra)
	if errors.Is(err, sql.ErrNoRows) {
		return known{}, nil
	}
	return k, err
}

// change is what an alert of a notification does to its episode.
type change int

const (
	nothing change = iota
	open
	end
	retell
	reopen
)

// heardEvery is how often it is stored that an alert still fires, in milliseconds.
const heardEvery = int64(time.Hour / time.Millisecond)

func (k known) change(a Alert, n Notification, now int64) change {
	switch {
	case k.id == 0:
		return open
	case a.Resolved && (k.firing || k.inferred):
		return end
	case !a.Resolved && k.firing && (k.told != tell(a, n) || now-k.heard >= heardEvery):
		return retell
	case !a.Resolved && k.inferred && now-k.heard >= unheardAfter.Milliseconds():
		return reopen // it was silenced in between; no notification is that late
	}
	return nothing
}

// tell renders what an alert says besides its labels.
func tell(a Alert, n Notification) told {
	return told{jsonOf(a.Annotations), a.GeneratorURL, n.Receiver, extraOf(n.Extra, a.Extra)}
}

// extraOf merges the unknown fields of a notification and its alert.
func extraOf(notification, alert map[string]json.RawMessage) string {
	merged := map[string]json.RawMessage{}
	maps.Copy(merged, notification)
	maps.Copy(merged, alert)
	text := jsonOf(merged)
	if len(text) > extraMax {
		return jsonOf(map[string]string{"left out": fmt.Sprintf("%d bytes", len(text))})
	}
	return text
}

// jsonOf renders a map, its keys in order; {} for nil.
func jsonOf[V any](m map[string]V) string {
	if m == nil {
		return "{}"
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // a fault of the program: maps of texts and of what was decoded always encode
	}
	return string(text)
}

// take stores one alert of a notification.
func (x *tx) take(a Alert, n Notification, taken *Taken) error {
	k, err := scanKnown(x.QueryRowContext(x.ctx, knownQuery, a.Fingerprint, a.StartsAt.UnixMilli()))
	if err != nil {
		return err
	}
	switch k.change(a, n, x.now) {
	case open:
		taken.Opened++
		if a.Resolved {
			taken.Ended++
		}
		return x.open(a, tell(a, n), "webhook")
	case end:
		taken.Ended++
		return x.exec("UPDATE alert_episodes SET status = 'resolved', inferred = 0, ended_at = max(began, ?), receiver = ? WHERE id = ?", x.endOf(a), n.Receiver, k.id)
	case reopen:
		taken.Reopened++
		return x.reopen(k.id, a)
	case retell:
		t := tell(a, n)
		return x.exec("UPDATE alert_episodes SET annotations = ?, generator_url = ?, receiver = ?, extra = ?, heard_at = ? WHERE id = ?", t.annotations, t.generatorURL, t.receiver, t.extra, x.now, k.id)
	}
	return nil
}

// reopen takes back the end of an episode, and ends the others of its alert.
func (x *tx) reopen(id int64, a Alert) error {
	starts := a.StartsAt.UnixMilli()
	if err := x.supersede(a.Fingerprint, starts, min(starts, x.now)); err != nil {
		return err
	}
	return x.exec("UPDATE alert_episodes SET status = 'firing', inferred = 0, ended_at = 0, heard_at = ? WHERE id = ?", x.now, id)
}

// endOf is when a resolved alert ended: not after now, whatever its clock says.
func (x *tx) endOf(a Alert) int64 {
	if ms := a.EndsAt.UnixMilli(); ms > 0 && ms < x.now {
		return ms
	}
	return x.now
}

// open stores an episode that is not known. Alertmanager has an alert once: an
// earlier episode of it that is open has ended, and one that is older than another
// known one has, too.
func (x *tx) open(a Alert, t told, source string) error {
	starts := a.StartsAt.UnixMilli()
	began := min(starts, x.now)
	var later sql.NullInt64
	err := x.QueryRowContext(x.ctx, "SELECT min(began) FROM alert_episodes WHERE fingerprint = ? AND starts_at > ?", a.Fingerprint, starts).Scan(&later)
	if err != nil {
		return err
	}
	status, ended, inferred := "firing", int64(0), false
	switch {
	case a.Resolved:
		status, ended = "resolved", max(began, x.endOf(a))
	case later.Valid && source == "webhook":
		status, ended, inferred = "resolved", max(began, later.Int64), true
	default:
		if err := x.supersede(a.Fingerprint, starts, began); err != nil {
			return err
		}
	}
	return x.exec(`INSERT INTO alert_episodes (fingerprint, starts_at, began, status, ended_at, inferred, source, heard_at,
		name, severity, service, env, labels, annotations, generator_url, receiver, extra) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		a.Fingerprint, starts, began, status, ended, inferred, source, x.now,
		a.Labels["alertname"], a.Labels["severity"], a.Labels["service"], a.Labels["env"], jsonOf(a.Labels),
		t.annotations, t.generatorURL, t.receiver, t.extra)
}

// supersede ends the other open episodes of an alert: it fires since another time.
func (x *tx) supersede(fingerprint string, starts, at int64) error {
	return x.exec("UPDATE alert_episodes SET status = 'resolved', inferred = 1, ended_at = max(began, ?) WHERE fingerprint = ? AND starts_at <> ? AND status = 'firing'", at, fingerprint, starts)
}
