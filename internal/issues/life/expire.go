package life

import (
	"context"
	"time"
)

// expireAtOnce bounds how many issues are deleted in one transaction.
const expireAtOnce = 500

// Expire deletes the issues that were not seen since a time, with all that belongs
// to them, and the deploys before it.
func (t *Tracker) Expire(ctx context.Context, before time.Time) error {
	for {
		old := t.pick(func(i *issue) bool { return !i.LastSeen.IsZero() && i.LastSeen.Before(before) })
		old = old[:min(len(old), expireAtOnce)]
		err := t.write(ctx, "delete expired issues", func(x *tx) error {
			for n := range old {
				if err := x.delete(old[n].ID); err != nil {
					return err
				}
			}
			x.moved = len(old) > 0
			return x.exec("DELETE FROM deploys WHERE at < ?", before.UnixNano())
		})
		if err != nil || len(old) < expireAtOnce {
			return err
		}
	}
}

// delete deletes an issue and those that were merged into it.
func (x *tx) delete(id int64) error {
	const family = `(WITH RECURSIVE family (id) AS (SELECT ? UNION SELECT i.id FROM issues i JOIN family f ON i.merged_into = f.id) SELECT id FROM family)`
	for _, query := range []string{
		"DELETE FROM issue_evidence WHERE hash IN (SELECT hash FROM issue_hashes WHERE issue IN " + family + ")",
		"DELETE FROM issue_hashes WHERE issue IN " + family,
		"UPDATE issue_hashes SET home = issue WHERE home IN " + family, // they were moved on since
		"DELETE FROM issue_history WHERE issue IN " + family,
		"DELETE FROM issue_links WHERE a IN " + family,
		"DELETE FROM issue_links WHERE b IN " + family,
		"DELETE FROM issues WHERE id IN " + family,
	} {
		if err := x.exec(query, id); err != nil {
			return err
		}
	}
	return nil
}
