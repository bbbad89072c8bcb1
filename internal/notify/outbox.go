package notify

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// giveUpAfter is how long a message is tried.
	giveUpAfter = 24 * time.Hour
	// missingAttempts is how often a message is sent to a receiver that is not there:
	// it may be starting, in the eight minutes that these take.
	missingAttempts = 6
	// sentKept is how long messages that have ended are kept.
	sentKept = 30 * 24 * time.Hour
	// eventsMax is how many events of a message are written out; it says how many
	// more there are.
	eventsMax = 100
	// capWindow is the time in which Channel.PerHour messages are sent.
	capWindow = time.Hour
)

// The states of a message.
const (
	statePending = "pending"
	stateSent    = "sent"
	stateFailed  = "failed"
)

// Message is what is sent at once to a channel.
type Message struct {
	ID      int64
	Channel int64
	// Key names the message to its receiver, the same at each attempt.
	Key  string
	Test bool
	// Why says why its events waited, empty if they did not.
	Why      string
	State    string
	Created  time.Time
	Attempts int
	Ended    time.Time
	// Error and Remedy are of the last attempt, if it did not succeed.
	Error, Remedy string
	// Events are the first ones; Total counts all.
	Events []Event
	Total  int
	// Repeats is how often the same happened again and was not told.
	Repeats int64
}

// addEvents stores an event for those of the channels that are in enabled, by their
// numbers, in a transaction of the caller. The same subject within
// Channel.RepeatMinutes is counted and not told again.
func (n *Notifier) addEvents(ctx context.Context, tx *sql.Tx, enabled map[int64]Channel, to []int64, subject string, e Event) error {
	for _, id := range to {
		c, ok := enabled[id]
		if !ok {
			continue
		}
		now := n.Now()
		after := now.Add(-time.Duration(c.RepeatMinutes) * time.Minute)
		result, err := tx.ExecContext(ctx, `UPDATE notify_events SET repeats = repeats + 1 WHERE id =
			(SELECT max(id) FROM notify_events WHERE channel = ? AND subject = ? AND at > ? AND at <= ?)`, id, subject, after.UnixNano(), now.UnixNano())
		if err != nil {
			return err
		}
		known, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if known > 0 {
			continue
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO notify_events (channel, subject, at, event) VALUES (?,?,?,?)", id, subject, now.UnixNano(), jsonText(e))
		if err != nil {
			return err
		}
	}
	return nil
}

// open returns the open message of a channel. If there is none it makes one of
// what waits, if that is due; nil if there is nothing to send now.
func (n *Notifier) open(ctx context.Context, c Channel) (*Message, error) {
	var found *Message
	err := n.transact(ctx, "make a message for "+c.Name, func(tx *sql.Tx) error {
		id, next, err := pendingOf(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if id == 0 {
			if id, err = n.compose(ctx, tx, c); err != nil || id == 0 {
				return err
			}
			next = n.Now()
		}
		if !isPast(next, n.Now(), retryAfterMax) {
			return nil
		}
		list, err := messages(ctx, tx, "WHERE id = ?", id)
		if err == nil {
			found = &list[0]
		}
		return err
	})
	return found, err
}

// pendingOf returns the open message of a channel, 0 for none, and when it is to
// be sent.
func pendingOf(ctx context.Context, tx *sql.Tx, channel int64) (id int64, next time.Time, err error) {
	var at int64
	err = tx.QueryRowContext(ctx, "SELECT id, next_at FROM notify_messages WHERE channel = ? AND state = 'pending'", channel).Scan(&id, &at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, timeOf(at), err
}

// compose makes a message of all events that wait, when they are due; 0 if not.
func (n *Notifier) compose(ctx context.Context, tx *sql.Tx, c Channel) (int64, error) {
	now := n.Now()
	var oldest, count int64
	err := tx.QueryRowContext(ctx, "SELECT coalesce(min(at), 0), count(*) FROM notify_events WHERE channel = ? AND message IS NULL", c.ID).Scan(&oldest, &count)
	digest := time.Duration(c.DigestMinutes) * time.Minute
	if err != nil || count == 0 || !isPast(timeOf(oldest).Add(digest), now, digest) {
		return 0, err
	}
	full, err := isFull(ctx, tx, c, now)
	if err != nil || full {
		return 0, err
	}
	why, err := n.whyWaited(ctx, tx, c, timeOf(oldest))
	if err != nil {
		return 0, err
	}
	return n.gather(ctx, tx, c.ID, why)
}

// gather makes a message of all events of a channel that wait.
func (n *Notifier) gather(ctx context.Context, tx *sql.Tx, channel int64, why string) (int64, error) {
	now := n.Now().UnixNano()
	result, err := tx.ExecContext(ctx, "INSERT INTO notify_messages (channel, key, test, why, state, created_at, next_at) VALUES (?,?,0,?,'pending',?,?)",
		channel, rand.Text(), why, now, now)
	if err != nil {
		return 0, err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE notify_events SET message = ? WHERE channel = ? AND message IS NULL", id, channel)
	return id, err
}

// isFull reports whether a channel got as many messages in the last hour as it
// takes. A clock that was set back does not hold anything up: messages from the
// future do not count.
func isFull(ctx context.Context, tx *sql.Tx, c Channel, now time.Time) (bool, error) {
	var count int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM notify_messages WHERE channel = ? AND test = 0 AND created_at > ? AND created_at <= ?",
		c.ID, now.Add(-capWindow).UnixNano(), now.UnixNano()).Scan(&count)
	return count >= c.PerHour, err
}

// whyWaited says in words why events of a channel, the oldest of that time,
// waited longer than for their digest; "" if they did not.
func (n *Notifier) whyWaited(ctx context.Context, tx *sql.Tx, c Channel, oldest time.Time) (string, error) {
	due := oldest.Add(time.Duration(c.DigestMinutes) * time.Minute)
	if c.Quiet.At(due) {
		return fmt.Sprintf("Held in the quiet hours from %s to %s.", c.Quiet.From, c.Quiet.To), nil
	}
	full, err := isFull(ctx, tx, c, due)
	if err != nil {
		return "", err
	}
	if full {
		return fmt.Sprintf("Held because there were %d messages in an hour, which is the limit.", c.PerHour), nil
	}
	if n.Now().Sub(due) > retryMax {
		return "Held because messages before it could not be sent.", nil
	}
	return "", nil
}

// outcome is what became of an attempt.
type outcome struct {
	// err is nil when the receiver took it.
	err error
	// remedy says what helps.
	remedy string
	// final means that this message will never be taken.
	final bool
	// missing means that there is no such receiver: it is tried a few times only.
	missing bool
	// after is how long the receiver wants to be left alone, 0 if it did not say.
	after time.Duration
}

const (
	retryFirst = 15 * time.Second
	retryMax   = 15 * time.Minute
	// retryAfterMax bounds what a receiver may ask for.
	retryAfterMax = time.Hour
)

// backOff returns how long to wait after a number of attempts.
func backOff(attempts int) time.Duration {
	wait := retryFirst
	for range attempts - 1 {
		if wait *= 2; wait >= retryMax {
			return retryMax
		}
	}
	return wait
}

// settle stores what became of an attempt.
func (n *Notifier) settle(ctx context.Context, m *Message, o outcome) error {
	now := n.Now()
	m.Attempts++
	next := now.Add(max(backOff(m.Attempts), min(o.after, retryAfterMax)))
	state, text, ended := statePending, "", int64(0)
	switch {
	case o.err == nil:
		state, ended = stateSent, now.UnixNano()
	case o.final || o.missing && m.Attempts >= missingAttempts || now.Sub(m.Created) >= giveUpAfter:
		state, ended = stateFailed, now.UnixNano()
	}
	if o.err != nil {
		text = o.err.Error()
	}
	n.count(state, o.err)
	_, err := n.DB.ExecContext(ctx, "UPDATE notify_messages SET state = ?, attempts = ?, next_at = ?, ended_at = ?, error = ?, remedy = ? WHERE id = ?",
		state, m.Attempts, next.UnixNano(), ended, text, o.remedy, m.ID)
	if err != nil {
		return fmt.Errorf("store that message %s is %s: %w", m.Key, state, err)
	}
	return nil
}

func (n *Notifier) count(state string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.counts.Attempts++
	}
	switch state {
	case stateSent:
		n.counts.Sent++
	case stateFailed:
		n.counts.Failed++
	}
}

// messages reads messages with their events.
func messages(ctx context.Context, db querier, where string, args ...any) (list []Message, err error) {
	const columns = `SELECT id, channel, key, test, why, state, created_at, attempts, ended_at, error, remedy,
		(SELECT count(*) FROM notify_events WHERE message = notify_messages.id),
		(SELECT coalesce(sum(repeats), 0) FROM notify_events WHERE message = notify_messages.id) FROM notify_messages `
	err = each(ctx, db, columns+where, func(scan func(...any) error) error {
		var m Message
		var created, ended int64
		err := scan(&m.ID, &m.Channel, &m.Key, &m.Test, &m.Why, &m.State, &created, &m.Attempts, &ended, &m.Error, &m.Remedy, &m.Total, &m.Repeats)
		m.Created, m.Ended = timeOf(created), timeOf(ended)
		list = append(list, m)
		return err
	}, args...)
	for i := range list {
		if err == nil {
			list[i].Events, err = eventsOf(ctx, db, list[i].ID)
		}
	}
	return list, err
}

// eventsOf reads the first events of a message.
func eventsOf(ctx context.Context, db querier, message int64) (list []Event, err error) {
	err = each(ctx, db, "SELECT event FROM notify_events WHERE message = ? ORDER BY id LIMIT ?", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		var e Event
		err := json.Unmarshal([]byte(text), &e)
		list = append(list, e)
		return err
	}, message, eventsMax)
	return list, err
}

// Sent returns messages before the one with the number before, the newest first;
// 0 gives the newest.
func (n *Notifier) Sent(ctx context.Context, before int64, limit int) ([]Message, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	list, err := messages(ctx, n.DB, "WHERE id < ? ORDER BY id DESC LIMIT ?", before, limit)
	if err != nil {
		return nil, fmt.Errorf("read what was sent: %w", err)
	}
	return list, nil
}

// expire deletes messages that ended long ago, and drops what waits for channels
// that are off.
func (n *Notifier) expire(ctx context.Context) error {
	_, err := n.DB.ExecContext(ctx, "DELETE FROM notify_messages WHERE state <> 'pending' AND created_at < ?", n.Now().Add(-sentKept).UnixNano())
	if err != nil {
		return err
	}
	var dropped int64
	err = n.transact(ctx, "drop what waits for channels that are off", func(tx *sql.Tx) (err error) {
		dropped, err = n.dropOff(ctx, tx)
		return err
	})
	if err != nil || dropped == 0 {
		return err
	}
	n.Log.Info("notifications of channels that are off are dropped", "messages", dropped)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counts.Failed += dropped
	return nil
}

// dropOff ends the messages of channels that are off for giveUpAfter, those that
// would have been made of what waits too, and returns how many. They stay among
// what was sent, as failed.
func (n *Notifier) dropOff(ctx context.Context, tx *sql.Tx) (dropped int64, err error) {
	now := n.Now()
	const off = "channel IN (SELECT id FROM notify_channels WHERE enabled = 0 AND changed_at < ?)"
	since := now.Add(-giveUpAfter).UnixNano()
	drop := func() error {
		result, err := tx.ExecContext(ctx, `UPDATE notify_messages SET state = 'failed', ended_at = ?, error = 'the channel was switched off for a day',
			remedy = 'It is not sent any more.' WHERE state = 'pending' AND `+off, now.UnixNano(), since)
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		dropped += rows
		return err
	}
	if err := drop(); err != nil { // a channel has one open message at most
		return 0, err
	}
	var waiting []int64
	err = each(ctx, tx, "SELECT DISTINCT channel FROM notify_events WHERE message IS NULL AND "+off, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		waiting = append(waiting, id)
		return err
	}, since)
	if err != nil {
		return 0, err
	}
	for _, id := range waiting {
		if _, err := n.gather(ctx, tx, id, ""); err != nil {
			return 0, err
		}
	}
	err = drop()
	return dropped, err
}

// subject names what an event is about: the same again is not told twice.
func (e *Event) subject() string {
	return fmt.Sprintf("issue %d %s", e.Issue, e.Kind)
}

// headline is one line about a message.
func (m *Message) headline() string {
	if m.Total == 1 && len(m.Events) == 1 {
		return m.Events[0].headline()
	}
	counts := map[Kind]int{}
	for _, e := range m.Events {
		counts[e.Kind]++
	}
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[kind], kindWords[kind]))
	}
	if more := m.Total - len(m.Events); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("%d notifications: %s", m.Total, strings.Join(parts, ", "))
}
