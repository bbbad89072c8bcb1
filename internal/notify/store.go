package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

// Audit is one line of who changed what.
type Audit struct {
	At    time.Time
	Actor string
	What  string
}

// auditShown is how many changes are listed, auditKept how many are kept.
const (
	auditShown = 20
	auditKept  = 1000
)

// transact runs fn in a transaction. what says what is attempted.
func (n *Notifier) transact(ctx context.Context, what string, fn func(*sql.Tx) error) error {
	tx, err := n.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer tx.Rollback() // no effect after Commit
	if err := fn(tx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls fn for each row of an answer.
func each(ctx context.Context, db querier, query string, fn func(scan func(...any) error) error, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

const channelColumns = "SELECT id, name, kind, enabled, settings, url, secret, changed_by, changed_at FROM notify_channels "

// channels reads channels, without their status.
func channels(ctx context.Context, db querier, where string, args ...any) (list []Channel, err error) {
	err = each(ctx, db, channelColumns+where, func(scan func(...any) error) error {
		var c Channel
		var settings, url, password string
		var at int64
		if err := scan(&c.ID, &c.Name, &c.Kind, &c.Enabled, &settings, &url, &password, &c.ChangedBy, &at); err != nil {
			return err
		}
		c.URL, c.Secret, c.ChangedAt = secret.New(url), secret.New(password), timeOf(at)
		list = append(list, c)
		return json.Unmarshal([]byte(settings), &list[len(list)-1].Settings)
	}, args...)
	return list, err
}

// channel returns one channel, or ErrUnknown.
func channel(ctx context.Context, db querier, id int64) (Channel, error) {
	found, err := channels(ctx, db, "WHERE id = ?", id)
	if err != nil {
		return Channel{}, err
	}
	if len(found) == 0 {
		return Channel{}, fmt.Errorf("channel %d: %w", id, ErrUnknown)
	}
	return found[0], nil
}

// enabledChannels returns the channels that are on, by their numbers.
func enabledChannels(ctx context.Context, db querier) (map[int64]Channel, error) {
	list, err := channels(ctx, db, "WHERE enabled = 1")
	byID := make(map[int64]Channel, len(list))
	for _, c := range list {
		byID[c.ID] = c
	}
	return byID, err
}

// Channels returns all channels by their names, with what they are up to.
func (n *Notifier) Channels(ctx context.Context) ([]Channel, error) {
	list, err := channels(ctx, n.DB, "ORDER BY name COLLATE NOCASE")
	if err != nil {
		return nil, fmt.Errorf("read the channels: %w", err)
	}
	status := map[int64]ChannelStatus{}
	err = each(ctx, n.DB, `SELECT e.channel, count(*), coalesce(max(m.error), ''), coalesce(max(m.remedy), ''), coalesce(max(m.next_at), 0)
		FROM notify_events e LEFT JOIN notify_messages m ON m.id = e.message
		WHERE e.message IS NULL OR m.state = 'pending' GROUP BY e.channel`, func(scan func(...any) error) error {
		var id, next int64
		var s ChannelStatus
		err := scan(&id, &s.Waiting, &s.Failure, &s.Remedy, &next)
		if s.Failure != "" {
			s.NextAt = timeOf(next)
		}
		status[id] = s
		return err
	})
	if err == nil {
		err = each(ctx, n.DB, lastFailures, func(scan func(...any) error) error {
			var id int64
			var s ChannelStatus
			err := scan(&id, &s.Failure, &s.Remedy)
			if open := status[id]; open.Failure == "" {
				s.Waiting = open.Waiting
				status[id] = s
			}
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	for i := range list {
		list[i].Status = status[list[i].ID]
	}
	return list, nil
}

// lastFailures selects the channels that are on whose newest message that has ended
// was not taken, unless they were changed since.
const lastFailures = `SELECT c.id, m.error, m.remedy FROM notify_channels c JOIN notify_messages m ON m.id =
	(SELECT max(id) FROM notify_messages WHERE channel = c.id AND state <> 'pending')
	WHERE c.enabled = 1 AND m.state = 'failed' AND m.ended_at > c.changed_at`

// AddChannel stores a new channel and returns it with its number.
func (n *Notifier) AddChannel(ctx context.Context, actor string, c Channel) (Channel, error) {
	if err := c.check(); err != nil {
		return Channel{}, err
	}
	err := n.transact(ctx, "add the channel "+c.Name, func(tx *sql.Tx) error {
		if err := atMost(ctx, tx, "notify_channels", channelsMax); err != nil {
			return err
		}
		c.ChangedBy, c.ChangedAt = actor, n.Now()
		result, err := tx.ExecContext(ctx, `INSERT INTO notify_channels (name, kind, enabled, settings, url, secret, changed_by, changed_at)
			VALUES (?,?,?,?,?,?,?,?)`, c.Name, c.Kind, c.Enabled, jsonText(c.Settings), c.URL.Reveal(), c.Secret.Reveal(), actor, c.ChangedAt.UnixNano())
		if err != nil {
			return taken(err, c.Name)
		}
		if c.ID, err = result.LastInsertId(); err != nil {
			return err
		}
		return n.audit(ctx, tx, actor, "added the channel "+c.Name)
	})
	return c, err
}

// SetChannel replaces a channel. Without a URL or a secret those that are stored
// stay. What waits for it is sent with the new settings, at once.
func (n *Notifier) SetChannel(ctx context.Context, actor string, c Channel) error {
	err := n.transact(ctx, "change the channel "+c.Name, func(tx *sql.Tx) error {
		old, err := channel(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if err := c.keep(old); err != nil {
			return err
		}
		if err := c.check(); err != nil {
			return err
		}
		c.ChangedBy, c.ChangedAt = actor, n.Now()
		_, err = tx.ExecContext(ctx, `UPDATE notify_channels SET name = ?, enabled = ?, settings = ?, url = ?, secret = ?, changed_by = ?, changed_at = ?
			WHERE id = ?`, c.Name, c.Enabled, jsonText(c.Settings), c.URL.Reveal(), c.Secret.Reveal(), actor, c.ChangedAt.UnixNano(), c.ID)
		if err != nil {
			return taken(err, c.Name)
		}
		if _, err = tx.ExecContext(ctx, "UPDATE notify_messages SET next_at = ? WHERE channel = ? AND state = 'pending'", n.Now().UnixNano(), c.ID); err != nil {
			return err
		}
		return n.audit(ctx, tx, actor, "changed the channel "+c.Name)
	})
	n.wakeUp()
	return err
}

// DeleteChannel deletes a channel, what waits for it and what was sent to it.
func (n *Notifier) DeleteChannel(ctx context.Context, actor string, id int64) error {
	return n.transact(ctx, fmt.Sprintf("delete the channel %d", id), func(tx *sql.Tx) error {
		old, err := channel(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM notify_channels WHERE id = ?", id); err != nil {
			return err
		}
		return n.audit(ctx, tx, actor, "deleted the channel "+old.Name)
	})
}

// rules reads rules.
func rules(ctx context.Context, db querier, where string, args ...any) (list []Rule, err error) {
	const columns = `SELECT id, name, enabled, settings, changed_by, changed_at, holds_since, lines, answered_at, answering_since, failure,
		(SELECT json_group_array(channel) FROM notify_rule_channels WHERE rule = id) FROM notify_rules `
	err = each(ctx, db, columns+where, func(scan func(...any) error) error {
		var r Rule
		var settings, channels string
		var changed, since, answered, answering int64
		err := scan(&r.ID, &r.Name, &r.Enabled, &settings, &r.ChangedBy, &changed, &since, &r.Status.Lines, &answered, &answering, &r.Status.Failure, &channels)
		if err != nil {
			return err
		}
		r.ChangedAt, r.Status.Since, r.Status.AnsweredAt, r.Status.AnsweringSince = timeOf(changed), timeOf(since), timeOf(answered), timeOf(answering)
		err = errors.Join(json.Unmarshal([]byte(settings), &r.Terms), json.Unmarshal([]byte(channels), &r.Channels))
		list = append(list, r)
		return err
	}, args...)
	return list, err
}

// Rules returns all rules by their names.
func (n *Notifier) Rules(ctx context.Context) ([]Rule, error) {
	list, err := rules(ctx, n.DB, "ORDER BY name COLLATE NOCASE")
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	return list, nil
}

// checkRule checks a rule, its query by Loki too. While Loki is away the query is
// taken: the looks at it will say what is wrong.
func (n *Notifier) checkRule(ctx context.Context, r *Rule) error {
	if err := r.check(); err != nil || r.Query == "" {
		return err
	}
	_, err := n.Normalise(ctx, r.Query)
	if err == nil {
		return nil
	}
	words, bad := n.Explain(err)
	if bad {
		return invalid("%s", words)
	}
	return nil
}

// AddRule stores a new rule and returns it with its number.
func (n *Notifier) AddRule(ctx context.Context, actor string, r Rule) (Rule, error) {
	if err := n.checkRule(ctx, &r); err != nil {
		return Rule{}, err
	}
	r.ChangedBy, r.ChangedAt = actor, n.Now()
	err := n.transact(ctx, "add the rule "+r.Name, func(tx *sql.Tx) error {
		if err := errors.Join(atMost(ctx, tx, "notify_rules", rulesMax), hasSearch(ctx, tx, r)); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "INSERT INTO notify_rules (name, enabled, settings, changed_by, changed_at) VALUES (?,?,?,?,?)",
			r.Name, r.Enabled, jsonText(r.Terms), actor, r.ChangedAt.UnixNano())
		if err != nil {
			return taken(err, r.Name)
		}
		if r.ID, err = result.LastInsertId(); err != nil {
			return err
		}
		return errors.Join(setChannels(ctx, tx, r), n.audit(ctx, tx, actor, "added the rule "+r.Name))
	})
	return r, err
}

// SetRule replaces a rule. What was found by its looks at Loki is forgotten.
func (n *Notifier) SetRule(ctx context.Context, actor string, r Rule) error {
	if err := n.checkRule(ctx, &r); err != nil {
		return err
	}
	r.ChangedBy, r.ChangedAt = actor, n.Now()
	err := n.transact(ctx, "change the rule "+r.Name, func(tx *sql.Tx) error {
		if err := hasSearch(ctx, tx, r); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE notify_rules SET name = ?, enabled = ?, settings = ?, changed_by = ?, changed_at = ?,
			holds_since = 0, lines = 0, answered_at = 0, answering_since = 0, failure = '' WHERE id = ?`,
			r.Name, r.Enabled, jsonText(r.Terms), actor, r.ChangedAt.UnixNano(), r.ID)
		if err != nil {
			return taken(err, r.Name)
		}
		if count, err := result.RowsAffected(); err != nil || count == 0 {
			return errors.Join(err, fmt.Errorf("rule %d: %w", r.ID, ErrUnknown))
		}
		return errors.Join(setChannels(ctx, tx, r), n.audit(ctx, tx, actor, "changed the rule "+r.Name))
	})
	n.forget(r.ID)
	return err
}

// hasSearch fails when the saved search of a rule is not there. One that is, is not
// deleted while a rule has it.
func hasSearch(ctx context.Context, tx *sql.Tx, r Rule) error {
	if r.Search == 0 {
		return nil
	}
	var path string
	err := tx.QueryRowContext(ctx, "SELECT path FROM saved_searches WHERE id = ?", r.Search).Scan(&path)
	if errors.Is(err, sql.ErrNoRows) {
		return invalid("there is no saved search %d", r.Search)
	}
	if err == nil && path != "issues" {
		return invalid("the saved search %d is not of issues", r.Search)
	}
	return err
}

// DeleteRule deletes a rule.
func (n *Notifier) DeleteRule(ctx context.Context, actor string, id int64) error {
	return n.transact(ctx, fmt.Sprintf("delete the rule %d", id), func(tx *sql.Tx) error {
		var name string
		err := tx.QueryRowContext(ctx, "DELETE FROM notify_rules WHERE id = ? RETURNING name", id).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrUnknown
		}
		if err != nil {
			return err
		}
		return n.audit(ctx, tx, actor, "deleted the rule "+name)
	})
}

// setChannels stores which channels a rule tells.
func setChannels(ctx context.Context, tx *sql.Tx, r Rule) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM notify_rule_channels WHERE rule = ?", r.ID); err != nil {
		return err
	}
	for _, id := range r.Channels {
		if _, err := channel(ctx, tx, id); errors.Is(err, ErrUnknown) {
			return invalid("there is no channel %d", id)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO notify_rule_channels (rule, channel) VALUES (?,?) ON CONFLICT DO NOTHING", r.ID, id); err != nil {
			return err
		}
	}
	return nil
}

// audit notes who changed what, in the database and in the log.
func (n *Notifier) audit(ctx context.Context, tx *sql.Tx, actor, what string) error {
	n.Log.Info("notifications were changed", "user", actor, "change", what)
	if _, err := tx.ExecContext(ctx, "INSERT INTO notify_audit (at, actor, what) VALUES (?,?,?)", n.Now().UnixNano(), actor, what); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM notify_audit WHERE id <= (SELECT max(id) FROM notify_audit) - ?", auditKept)
	return err
}

// Changes returns the last changes of channels and rules, the newest first.
func (n *Notifier) Changes(ctx context.Context) (list []Audit, err error) {
	err = each(ctx, n.DB, "SELECT at, actor, what FROM notify_audit ORDER BY id DESC LIMIT ?", func(scan func(...any) error) error {
		var a Audit
		var at int64
		err := scan(&at, &a.Actor, &a.What)
		a.At = timeOf(at)
		list = append(list, a)
		return err
	}, auditShown)
	if err != nil {
		return nil, fmt.Errorf("read who changed what: %w", err)
	}
	return list, nil
}

// atMost fails when a table is full.
func atMost(ctx context.Context, tx *sql.Tx, table string, limit int) error {
	var count int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&count); err != nil {
		return err
	}
	if count >= limit {
		return invalid("there are %d already, which is the limit", count)
	}
	return nil
}

// taken says that a name is in use, if that is why the database refused.
func taken(err error, name string) error {
	if strings.Contains(err.Error(), "UNIQUE constraint failed") {
		return invalid("the name %q is in use", name)
	}
	return err
}

// jsonText returns settings as JSON; these types always encode.
func jsonText(settings any) string {
	text, err := json.Marshal(settings)
	if err != nil {
		panic(err) // a fault of the program
	}
	return string(text)
}

// timeOf returns unix nanoseconds as a time, zero for 0.
func timeOf(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
