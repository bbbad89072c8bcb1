package notify

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"time"
)

const (
	// watchEvery is how often it is looked which rules are due.
	watchEvery = 5 * time.Second
	// A rule is looked at four times in its minutes, so that lines that come late
	// are seen by a later look, within these bounds.
	looksInWindow = 4
	lookLeast     = 15 * time.Second
	lookMost      = 5 * time.Minute
	// lookWait bounds one query.
	lookWait = 10 * time.Second
	// lookBackOff bounds how long a rule is not looked at when Loki fails.
	lookBackOff = 10 * time.Minute
)

// look is when a rule is looked at next.
type look struct {
	at       time.Time
	failures int
}

// watch looks at the rules on logs until ctx ends, one after the other: there is
// never more than one query of notifications in Loki.
func (n *Notifier) watch(ctx context.Context) error {
	for {
		n.fault("reading the rules of notifications", ignoreEnd(ctx, n.watchDue(ctx)))
		if pause(ctx, watchEvery, nil) != nil {
			return nil
		}
	}
}

// watchDue looks at each rule that is due.
func (n *Notifier) watchDue(ctx context.Context) error {
	all, err := rules(ctx, n.DB, "WHERE enabled = 1 ORDER BY id")
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.On == OnIssues || !n.isDue(r.ID) {
			continue
		}
		if err := n.lookAt(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// every is how often a rule is looked at.
func (r *Rule) every() time.Duration {
	return min(max(r.window()/looksInWindow, lookLeast), lookMost)
}

func (r *Rule) window() time.Duration { return time.Duration(r.Minutes) * time.Minute }

func (n *Notifier) isDue(rule int64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return isPast(n.looks[rule].at, n.Now(), lookBackOff)
}

// isPast reports whether it is time for what was put off, by most at most: when
// it is further away, the clock was set back.
func isPast(at, now time.Time, most time.Duration) bool {
	wait := at.Sub(now)
	return wait <= 0 || wait > most
}

// forget makes a rule due.
func (n *Notifier) forget(rule int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.looks, rule)
}

// looked notes a look. When it failed, the next one is later each time.
func (n *Notifier) looked(r *Rule, failed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	wait := r.every()
	failures := 0
	if failed {
		failures = n.looks[r.ID].failures + 1
	}
	for range failures - 1 {
		if wait = min(wait*2, lookBackOff); wait == lookBackOff {
			break
		}
	}
	n.looks[r.ID] = look{at: n.Now().Add(wait), failures: failures}
}

// lookAt asks Loki about a rule and stores what it means, with the event that
// tells it. The error is one of the database.
func (n *Notifier) lookAt(ctx context.Context, r Rule) error {
	now := n.Now()
	lines, err := n.linesOf(ctx, r, now)
	if ctx.Err() != nil {
		return nil
	}
	n.looked(&r, err != nil)
	if err != nil {
		words, _ := n.Explain(err)
		return n.transact(ctx, "store that a rule has no answer", func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE notify_rules SET failure = ? WHERE id = ? AND changed_at = ?", shorten(oneLine(words), 500), r.ID, r.ChangedAt.UnixNano())
			return err
		})
	}
	event := r.judge(lines, now)
	err = n.transact(ctx, "store what a rule found", func(tx *sql.Tx) error { return n.storeLook(ctx, tx, r, event) })
	if err == nil && event != nil {
		n.wakeUp()
	}
	return err
}

// storeLook stores the status of a rule and its event, both or neither. A rule
// that was changed meanwhile is left alone.
func (n *Notifier) storeLook(ctx context.Context, tx *sql.Tx, r Rule, event *Event) error {
	s := r.Status
	result, err := tx.ExecContext(ctx, `UPDATE notify_rules SET holds_since = ?, lines = ?, answered_at = ?, answering_since = ?, failure = ''
		WHERE id = ? AND changed_at = ? AND enabled = 1`, nanoOf(s.Since), s.Lines, nanoOf(s.AnsweredAt), nanoOf(s.AnsweringSince), r.ID, r.ChangedAt.UnixNano())
	if err != nil || event == nil {
		return err
	}
	if stored, err := result.RowsAffected(); err != nil || stored == 0 {
		return err
	}
	to, err := enabledChannels(ctx, tx)
	if err != nil {
		return err
	}
	return n.addEvents(ctx, tx, to, r.Channels, fmt.Sprintf("rule %d %s", r.ID, event.Kind), *event)
}

// linesOf counts the lines of a rule's search in its minutes before now. Lines of
// this package do not count.
func (n *Notifier) linesOf(ctx context.Context, r Rule, now time.Time) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	query, err := n.Normalise(ctx, r.Query)
	if err != nil {
		return 0, err
	}
	if query, err = leaveOutOwn(query); err != nil {
		return 0, err
	}
	return n.Count(ctx, query, now.Add(-r.window()), now)
}

// judge moves the status of a rule by an answer, and returns the event that tells
// of a change, nil if there is none.
//
// Silence counts only while Loki answered for all of the rule's minutes, without a
// gap of half of them: what could not be delivered or read is not silence. With up
// to 20 minutes one look without an answer is such a gap.
func (r *Rule) judge(lines int64, now time.Time) *Event {
	s := &r.Status
	if gap := now.Sub(s.AnsweredAt); gap < 0 || gap >= r.window()/2 {
		s.AnsweringSince = now
	}
	s.Lines, s.AnsweredAt = lines, now
	held := !s.Since.IsZero()
	holds := lines >= int64(r.Count)
	if r.On == OnSilence {
		holds = lines == 0 && (held || now.Sub(s.AnsweringSince) >= r.window())
	}
	switch {
	case holds && !held:
		s.Since = now
		return r.event(now)
	case !holds && held:
		s.Since = time.Time{}
		if r.On == OnSilence {
			return r.event(now)
		}
	}
	return nil
}

// event tells what a rule found.
func (r *Rule) event(now time.Time) *Event {
	e := &Event{Title: r.Name, Rule: r.Name, At: now, Path: r.path(now)}
	span := number(int64(r.Minutes), "minute")
	switch {
	case r.On == OnMatches:
		e.Kind, e.Text = Matches, fmt.Sprintf("%s in %s, the limit is %d.", number(r.Status.Lines, "line"), span, r.Count)
	case r.Status.Since.IsZero():
		e.Kind, e.Text = HeardAgain, number(r.Status.Lines, "line")+" in "+span+"."
	default:
		e.Kind, e.Text = Silent, "No line in "+span+"."
	}
	return e
}

// path is the page's address of the lines that a rule is about.
func (r *Rule) path(now time.Time) string {
	values, err := url.ParseQuery(r.View)
	if err != nil {
		values = url.Values{}
	}
	values.Set("start", now.Add(-max(r.window(), 10*time.Minute)).UTC().Format(time.RFC3339))
	values.Set("end", now.UTC().Format(time.RFC3339))
	values.Del("tail")
	return "lines?" + values.Encode()
}

// number returns a number of things in words.
func number(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// nanoOf returns a time as unix nanoseconds, 0 for the zero time.
func nanoOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
