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

// takeChanges stores the events of changes and moves the cursor, both or neither.
func (n *Notifier) takeChanges(ctx context.Context, changes []Change) error {
	err := n.transact(ctx, "store notifications of issues", func(tx *sql.Tx) error {
		all, err := rules(ctx, tx, "WHERE enabled = 1 ORDER BY id")
		if err != nil {
			return err
		}
		to, err := enabledChannels(ctx, tx)
		if err != nil {
			return err
		}
		for _, change := range changes {
			for i := range all {
				if change.Event == nil || !all[i].takes(change.Event) {
					continue
				}
				e := *change.Event
				e.Rule = all[i].Name
				if err := n.addEvents(ctx, tx, to, all[i].Channels, e.subject(), e); err != nil {
					return err
				}
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
