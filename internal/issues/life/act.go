package life

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// ActionKind is what somebody does with issues.
type ActionKind string

// The kinds of actions.
const (
	Resolve ActionKind = "resolve"
	Reopen  ActionKind = "reopen" // ends a snooze as well
	Snoozes ActionKind = "snooze"
	Assign  ActionKind = "assign"
	Comment ActionKind = "comment"
	Merge   ActionKind = "merge"   // all of them into Into
	Unmerge ActionKind = "unmerge" // Hashes, out of the one issue
)

// Action is what somebody does with issues.
type Action struct {
	Kind ActionKind
	// Snooze is for snooze; at least one of its conditions is set.
	Snooze Snooze
	// Assignee is for assign, "" for nobody.
	Assignee string
	// Text is a comment, for people, of at most 10,000 bytes.
	Text string
	// Into is the issue for merge.
	Into int64
	// Hashes are the keys for unmerge.
	Hashes []string
}

// Snooze says when a snoozed issue wakes: as soon as one condition holds.
type Snooze struct {
	// Until is a time, zero for none.
	Until time.Time `json:"until,omitzero"`
	// Events is a number of further events, 0 for none.
	Events int64 `json:"events,omitempty"`
	// Surge wakes it when an hour has three times as many events as its mean hour
	// had in the week before it was snoozed, and at least surgeLeast.
	Surge bool `json:"surge,omitempty"`

	rate float64 // events an hour, of Surge
}

const (
	surgeTimes   = 3
	surgeLeast   = 3
	baselineTime = 7 * 24 * time.Hour
	maxComment   = 10_000
	maxAssignee  = 200
	// maxBulk is how many issues one action may be about.
	maxBulk = 1000
)

// ErrAction means that an action cannot be done as it was asked for; the text
// says why.
var ErrAction = errors.New("this cannot be done")

// Act does something with issues, all of them or none. The error wraps
// ErrNoIssue or ErrAction when the request is wrong.
func (t *Tracker) Act(ctx context.Context, actor string, ids []int64, a Action) error {
	if err := a.check(ids, t.Now()); err != nil {
		return err
	}
	rates := map[int64]float64{}
	if a.Kind == Snoozes && a.Snooze.Surge {
		var err error
		if rates, err = t.baselines(ctx, ids); err != nil {
			return err
		}
	}
	return t.write(ctx, fmt.Sprintf("%s %d issues", a.Kind, len(ids)), func(x *tx) error {
		for _, id := range ids {
			i, ok := t.issues[id]
			if !ok || i.merged {
				return fmt.Errorf("issue %d: %w", id, ErrNoIssue)
			}
			a.Snooze.rate = rates[id]
			if err := x.act(i, actor, a); err != nil {
				return err
			}
		}
		x.moved = a.Kind == Merge || a.Kind == Unmerge
		return nil
	})
}

// check says what is wrong with an action.
func (a *Action) check(ids []int64, now time.Time) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrAction}, args...)...)
	}
	if len(ids) == 0 || len(ids) > maxBulk {
		return wrong("%d issues are named, 1 to %d can be", len(ids), maxBulk)
	}
	switch a.Kind {
	case Resolve, Reopen:
	case Snoozes:
		s := a.Snooze
		if s.Until.IsZero() && s.Events == 0 && !s.Surge {
			return wrong("a snooze needs a time, a number of events or the surge to end it")
		}
		if s.Events < 0 || !s.Until.IsZero() && !s.Until.After(now) {
			return wrong("the snooze would be over at once")
		}
	case Assign:
		if len(a.Assignee) > maxAssignee || !utf8.ValidString(a.Assignee) {
			return wrong("the assignee's name is no text of at most %d bytes", maxAssignee)
		}
	case Comment:
		if strings.TrimSpace(a.Text) == "" || len(a.Text) > maxComment || !utf8.ValidString(a.Text) {
			return wrong("a comment is a text of 1 to %d bytes", maxComment)
		}
	case Merge:
		if slices.Contains(ids, a.Into) {
			return wrong("issue %d cannot be merged into itself", a.Into)
		}
	case Unmerge:
		if len(ids) != 1 || len(a.Hashes) == 0 {
			return wrong("unmerge needs one issue and its hashes")
		}
	default:
		return wrong("there is no action %q", a.Kind)
	}
	return nil
}

// baselines returns three times the mean events an hour of the issues.
func (t *Tracker) baselines(ctx context.Context, ids []int64) (map[int64]float64, error) {
	now := t.Now()
	rates := map[int64]float64{}
	for _, id := range ids {
		keys := t.keysOf(id)
		n, err := t.eventsOf(ctx, keys, issues.Span{From: now.Add(-baselineTime).Truncate(time.Hour), To: now.Truncate(time.Hour)})
		if err != nil {
			return nil, fmt.Errorf("count the events of issue %d: %w", id, err)
		}
		rates[id] = max(surgeTimes*float64(n)/baselineTime.Hours(), surgeLeast)
	}
	return rates, nil
}

// keysOf returns the keys of an issue.
func (t *Tracker) keysOf(id int64) []issues.Key {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, ok := t.issues[id]
	if !ok {
		return nil
	}
	return i.keyList()
}

func (i *issue) keyList() []issues.Key {
	keys := make([]issues.Key, len(i.keys))
	for n, h := range i.keys {
		keys[n] = h.key
	}
	return keys
}

// eventsOf counts the events of keys in a span.
func (t *Tracker) eventsOf(ctx context.Context, keys []issues.Key, span issues.Span) (n int64, err error) {
	if len(keys) == 0 || !span.From.Before(span.To) {
		return 0, nil
	}
	series, err := t.Events.Series(ctx, issues.SeriesQuery{Keys: keys, Span: span, Step: stepOver(span)})
	for _, counts := range series {
		for _, c := range counts {
			n += c
		}
	}
	return n, err
}

// stepOver is one step for all of a span.
func stepOver(span issues.Span) time.Duration { return span.To.Sub(span.From) }

// act does it with one issue.
func (x *tx) act(i *issue, actor string, a Action) error {
	switch a.Kind {
	case Resolve:
		if i.State == Resolved {
			return nil
		}
		return errors.Join(x.setState(i, Resolved), x.note(i.ID, actor, KindResolved, struct{}{}))
	case Reopen:
		if i.State == Ongoing {
			return nil
		}
		return errors.Join(x.setState(i, Ongoing), x.note(i.ID, actor, KindOngoing, OngoingDetail{Reason: "reopened"}))
	case Snoozes:
		return x.snooze(i, actor, a.Snooze)
	case Assign:
		if i.Assignee == a.Assignee {
			return nil
		}
		i.Assignee = a.Assignee
		return errors.Join(x.exec("UPDATE issues SET assignee = ? WHERE id = ?", i.Assignee, i.ID),
			x.note(i.ID, actor, KindAssigned, AssignedDetail{Assignee: a.Assignee}))
	case Comment:
		return x.note(i.ID, actor, KindComment, CommentDetail{Text: a.Text})
	case Merge:
		return x.merge(i, actor, a.Into)
	}
	return x.unmerge(i, actor, a.Hashes)
}

// snooze puts an issue aside.
func (x *tx) snooze(i *issue, actor string, s Snooze) error {
	if err := x.setState(i, Snoozed); err != nil {
		return err
	}
	if !s.Surge {
		s.rate = 0
	}
	i.snooze = s
	until := int64(0)
	if !s.Until.IsZero() {
		until = s.Until.UnixNano()
	}
	err := x.exec("UPDATE issues SET snooze_until = ?, snooze_events = ?, snooze_rate = ? WHERE id = ?", until, s.Events, s.rate, i.ID)
	return errors.Join(err, x.note(i.ID, actor, KindSnoozed, s))
}

// merge moves all hashes of an issue to another one. Links and history stay.
func (x *tx) merge(from *issue, actor string, id int64) error {
	into, ok := x.t.issues[id]
	if !ok || into.merged {
		return fmt.Errorf("issue %d: %w", id, ErrNoIssue)
	}
	detail := MergedDetail{From: from.ID, Into: into.ID}
	for _, h := range from.keys {
		detail.Hashes = append(detail.Hashes, h.text)
	}
	from.merged = true
	return errors.Join(
		x.exec("UPDATE issue_hashes SET issue = ? WHERE issue = ?", into.ID, from.ID),
		x.exec("UPDATE issues SET merged_into = ? WHERE id = ?", into.ID, from.ID),
		x.note(from.ID, actor, KindMerged, detail),
		x.note(into.ID, actor, KindMerged, detail),
	)
}
