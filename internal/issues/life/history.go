package life

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Kind says what a change is.
type Kind string

// The kinds of changes, with the type of their detail.
const (
	KindCreated   Kind = "created"   // CreatedDetail
	KindAttached  Kind = "attached"  // AttachedDetail: a further hash
	KindLinked    Kind = "linked"    // LinkedDetail
	KindRegressed Kind = "regressed" // RegressedDetail
	KindOngoing   Kind = "ongoing"   // OngoingDetail: reopened, settled, or its snooze ended
	KindResolved  Kind = "resolved"
	KindSnoozed   Kind = "snoozed"  // Snooze
	KindAssigned  Kind = "assigned" // AssignedDetail
	KindComment   Kind = "comment"  // CommentDetail
	KindMerged    Kind = "merged"   // MergedDetail, at both issues
	KindUnmerged  Kind = "unmerged" // UnmergedDetail, at both issues
	KindSpike     Kind = "spike"    // SpikeDetail
	KindSpikeOver Kind = "spike over"
)

// The details of changes.
type (
	CreatedDetail struct {
		Title string `json:"title"`
	}
	AttachedDetail struct {
		Hash   string `json:"hash"`
		Reason string `json:"reason"`
		Title  string `json:"title"` // of the event that has the hash
	}
	LinkedDetail struct {
		Issue  int64  `json:"issue"`
		Reason string `json:"reason"`
	}
	RegressedDetail struct {
		Resolved time.Time `json:"resolved"`
		Event    time.Time `json:"event"`
		// Deploy is the last one between both.
		Deploy *Deploy `json:"deploy,omitempty"`
	}
	OngoingDetail struct {
		Reason string `json:"reason"`
	}
	AssignedDetail struct {
		Assignee string `json:"assignee"` // "" is nobody
	}
	CommentDetail struct {
		Text string `json:"text"`
	}
	MergedDetail struct {
		From   int64    `json:"from"`
		Into   int64    `json:"into"`
		Hashes []string `json:"hashes"`
	}
	UnmergedDetail struct {
		From   int64    `json:"from"`
		To     int64    `json:"to"`
		Hashes []string `json:"hashes"`
	}
	SpikeDetail struct {
		// Events are those of the five minutes from From on, Usual the mean of such a
		// time.
		From   time.Time `json:"from"`
		Events int64     `json:"events"`
		Usual  float64   `json:"usual"`
	}
)

// Change is one line of the history of an issue.
type Change struct {
	// Seq ascends over all issues.
	Seq   int64
	Issue int64
	At    time.Time
	// Actor is who did it, "" for the dashboard itself.
	Actor string
	Kind  Kind
	// Detail is a JSON object of the type that Kind names.
	Detail json.RawMessage
}

// History returns the changes of an issue before the change with the number
// before, the newest first; 0 gives the newest. Limit is 100 if it is 0.
func (t *Tracker) History(ctx context.Context, id, before int64, limit int) ([]Change, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	return t.changes(ctx, fmt.Sprintf("read the history of issue %d", id),
		"WHERE issue = ? AND id < ? ORDER BY id DESC LIMIT ?", id, before, cmp.Or(limit, 100))
}

// ChangesAfter returns the changes of all issues behind the change with the
// number seq, the oldest first. Limit is 100 if it is 0.
func (t *Tracker) ChangesAfter(ctx context.Context, seq int64, limit int) ([]Change, error) {
	return t.changes(ctx, "read changes", "WHERE id > ? ORDER BY id LIMIT ?", seq, cmp.Or(limit, 100))
}

func (t *Tracker) changes(ctx context.Context, what, where string, args ...any) ([]Change, error) {
	var list []Change
	err := each(ctx, t.DB, "SELECT id, issue, at, actor, kind, detail FROM issue_history "+where, func(scan scanner) error {
		var c Change
		var at int64
		var detail string
		err := scan(&c.Seq, &c.Issue, &at, &c.Actor, &c.Kind, &detail)
		c.At, c.Detail = timeOf(at), json.RawMessage(detail)
		list = append(list, c)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return list, nil
}

// Seq returns the number of the newest change.
func (t *Tracker) Seq() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.seq
}

// WaitChange returns when there is a change behind seq, or with ctx's error when
// it ends. With ChangesAfter it makes a stream of changes that can be resumed at
// any number and leaves out none.
func (t *Tracker) WaitChange(ctx context.Context, seq int64) error {
	for {
		t.mu.RLock()
		now, changed := t.seq, t.changed
		t.mu.RUnlock()
		if now > seq {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
