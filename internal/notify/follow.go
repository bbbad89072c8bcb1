package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// changesAtOnce is how many changes are taken in one transaction.
	changesAtOnce = 200
	// faultWait is how long it is waited after a failure.
	faultWait = 10 * time.Second
)

// follow makes events of changes of issues until ctx ends.
func (n *Notifier) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		err := n.followOnce(ctx)
		if ctx.Err() != nil {
			break
		}
		n.fault("reading changes of issues for notifications", err)
		if err != nil && pause(ctx, faultWait, nil) != nil {
			break
		}
	}
	return nil
}

// followOnce waits for changes and takes them.
func (n *Notifier) followOnce(ctx context.Context) error {
	seq, err := n.cursor(ctx)
	if err != nil {
		return err
	}
	if err := n.Issues.Wait(ctx, seq); err != nil {
		return err
	}
	changes, err := n.Issues.After(ctx, seq, changesAtOnce)
	if err != nil || len(changes) == 0 {
		return errors.Join(err, ctx.Err())
	}
	return n.takeChanges(ctx, changes)
}

// cursorName is where the cursor is in its table.
const cursorName = "issues"

// cursor returns the number of the last change that was taken. The first time it
// is the newest one: nobody is told of what was before.
func (n *Notifier) cursor(ctx context.Context) (int64, error) {
	var seq int64
	err := n.DB.QueryRowContext(ctx, "SELECT value FROM notify_cursor WHERE name = ?", cursorName).Scan(&seq)
	if err == nil {
		return seq, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the cursor of notifications: %w", err)
	}
	newest := n.Issues.Seq()
	if _, err := n.DB.ExecContext(ctx, "INSERT INTO notify_cursor (name, value) VALUES (?,?)", cursorName, newest); err != nil {
		return 0, fmt.Errorf("store the cursor of notifications: %w", err)
	}
	return newest, nil
}

// told is an event for the channels of a rule.
type told struct {
	Event
	channels []int64
}

// takeChanges stores the events of changes and moves the cursor, both or neither.
func (n *Notifier) takeChanges(ctx context.Context, changes []Change) error {
	list, err := n.toldBy(ctx, changes)
	if err != nil {
		return err
	}
	err = n.transact(ctx, "store notifications of issues", func(tx *sql.Tx) error {
		to, err := enabledChannels(ctx, tx)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := n.addEvents(ctx, tx, to, e.channels, e.subject(), e.Event); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "UPDATE notify_cursor SET value = ? WHERE name = ?", changes[len(changes)-1].Seq, cursorName)
		return err
	})
	if err == nil {
		n.wakeUp()
	}
	return err
}

// toldBy returns what the rules tell of changes.
func (n *Notifier) toldBy(ctx context.Context, changes []Change) ([]told, error) {
	all, err := rules(ctx, n.DB, "WHERE enabled = 1 ORDER BY id")
	if err != nil {
		return nil, err
	}
	var list []told
	for _, change := range changes {
		for i := range all {
			r := &all[i]
			if change.Event == nil || !r.takes(change.Event) {
				continue
			}
			if r.Search != 0 {
				fits, err := n.Issues.Fits(ctx, r.Search, change.Event)
				if err != nil {
					return nil, fmt.Errorf("look whether the saved search of the rule %s lists issue %d: %w", r.Name, change.Event.Issue, err)
				}
				if !fits {
					continue
				}
			}
			e := told{Event: *change.Event, channels: r.Channels}
			e.Rule = r.Name
			list = append(list, e)
		}
	}
	return list, nil
}
