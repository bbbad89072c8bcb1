package life

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// ListQuery asks for issues that have events in a span.
type ListQuery struct {
	// Span is counted in whole hours.
	Span issues.Span
	// Filter selects by the events' environment, service and level.
	Filter issues.Filter
	// States and Assignees are alternatives; an empty list does not filter. The
	// assignee "" is nobody.
	States    []State
	Assignees []string
	// Text selects by the words of title, message and frames.
	Text string
	// Tags, Functions and Deploys select issues, not their events: all events of an
	// issue that is listed count. Of one tag, and of deploys, values are
	// alternatives; Functions are all in its tracebacks. A deploy is the version
	// that Detail.Deploy has.
	Tags      []WantedTag
	Functions []Wanted
	Deploys   []Wanted
	Order     issues.Order
	// Offset and Limit are the page; Limit is 50 if it is 0.
	Offset, Limit int
	// Step is the width of a bar of the sparklines, whole hours; 0 gives none. They
	// begin at the full hour of SeriesFrom, or of Span.From if it is zero.
	Step       time.Duration
	SeriesFrom time.Time
	// Since is from when on the summary counts what is new and what came back.
	Since time.Time
}

// List is a page of issues.
type List struct {
	// Total is how many issues fit on all pages.
	Total   int
	Issues  []Row
	Summary Summary
}

// Summary counts the issues that fit a list whatever their state.
type Summary struct {
	States map[State]int
	// Spiking is how many are far more frequent than usual now.
	Spiking int
	// New are of that state and were first seen, Back of theirs and came back after
	// they were resolved, since ListQuery.Since: who has settled one has it gone here.
	New, Back int
}

func (s *Summary) add(i *issue, since time.Time) {
	s.States[i.State]++
	if !i.Spiking.IsZero() {
		s.Spiking++
	}
	if i.State == New && !i.FirstSeen.Before(since) {
		s.New++
	}
	if i.State == Regressed && !i.Since.Before(since) {
		s.Back++
	}
}

// Row is an issue with what it has in the range.
type Row struct {
	Issue
	Events int64
	// First and Last are the times of events in the range.
	First, Last time.Time
	// Twin is an older issue of the same failure, the lowest number, 0 for none.
	Twin int64
	// Series are the counts of the sparkline, nil without Step and without events.
	Series []int64
}

// searchMax is how many keys a search finds at most.
const searchMax = 10_000

// List returns the issues of a range.
func (t *Tracker) List(ctx context.Context, q ListQuery) (List, error) {
	totals, err := t.Events.Totals(ctx, q.Span, q.Filter)
	if err != nil {
		return List{}, fmt.Errorf("list issues: %w", err)
	}
	selected, err := t.selection(ctx, &q)
	if err != nil {
		return List{}, err
	}
	list := t.rank(totals, selected)
	if q.Step <= 0 || len(list.Issues) == 0 {
		return list, nil
	}
	return list, t.sparklines(ctx, q, list.Issues)
}

// twinsLocked fills in the twins of rows.
func (t *Tracker) twinsLocked(rows []Row) {
	byID := make(map[int64]*Row, len(rows))
	for n := range rows {
		byID[rows[n].ID] = &rows[n]
	}
	for pair := range t.linked {
		row, older := byID[pair[1]], t.issues[pair[0]]
		if row != nil && older != nil && !older.merged && (row.Twin == 0 || older.ID < row.Twin) {
			row.Twin = older.ID
		}
	}
}

// search returns the keys that fit a text, nil without one.
func (t *Tracker) search(ctx context.Context, text string) (map[issues.Key]bool, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	keys, err := t.Events.Search(ctx, text, searchMax)
	if err != nil {
		return nil, fmt.Errorf("search issues for %.100q: %w", text, err)
	}
	fits := make(map[issues.Key]bool, len(keys))
	for _, key := range keys {
		fits[key] = true
	}
	return fits, nil
}

// rank returns the page of the issues that fit, in order, and their summary.
func (t *Tracker) rank(totals []issues.Total, q *selection) List {
	t.mu.RLock()
	defer t.mu.RUnlock()
	summary := Summary{States: map[State]int{}}
	wanted := make(map[int64]bool, len(totals)) // by issue
	issueOf := func(key issues.Key) (int64, bool) {
		h, ok := t.keys[key]
		if !ok {
			return 0, false
		}
		i := h.issue
		want, judged := wanted[i.ID]
		if !judged {
			if want = q.fits(i); want {
				summary.add(i, q.Since)
				want = q.hasState(i)
			}
			wanted[i.ID] = want
		}
		return i.ID, want
	}
	rows := issues.Rank(totals, issueOf, q.Order)
	list := List{Total: len(rows), Summary: summary}
	from := min(max(q.Offset, 0), len(rows))
	for _, r := range rows[from:min(from+cmp.Or(q.Limit, 50), len(rows))] {
		list.Issues = append(list.Issues, Row{Issue: t.issues[r.Issue].Issue, Events: r.Events, First: r.First, Last: r.Last})
	}
	t.twinsLocked(list.Issues)
	return list
}

// sparklines fills in the series of a page.
func (t *Tracker) sparklines(ctx context.Context, q ListQuery, rows []Row) error {
	from := q.Span.From
	if !q.SeriesFrom.IsZero() {
		from = q.SeriesFrom
	}
	span := issues.Span{From: from.Truncate(time.Hour), To: q.Span.To}
	query := issues.SeriesQuery{Span: span, Step: q.Step, Filter: q.Filter}
	of := map[issues.Key]*Row{}
	for n := range rows {
		for _, key := range t.keysOf(rows[n].ID) { // those without events in Span too
			of[key] = &rows[n]
			query.Keys = append(query.Keys, key)
		}
	}
	series, err := t.Events.Series(ctx, query)
	if err != nil {
		return fmt.Errorf("count the events of listed issues: %w", err)
	}
	for key, counts := range series {
		of[key].Series = addCounts(of[key].Series, counts)
	}
	return nil
}

// Detail is all that is known of an issue, its events and history excepted.
type Detail struct {
	Issue
	// Snooze is set while it is snoozed.
	Snooze *Snooze
	// Explanation is a grouping.Explanation as JSON: why its first event has its key.
	Explanation json.RawMessage
	Hashes      []Hash
	Links       []Link
	// Evidence are the first event, the last for ten minutes, and some between.
	Evidence []Evidence
	// Newest is where its newest event is that is stored or kept as evidence; nil if
	// none is.
	Newest *issues.Position
	// Deploy is the last one before the issue was first seen, or before it came back
	// if it did; nil for none within a week.
	Deploy *Deploy
}

// Hash is something that is known to belong to an issue.
type Hash struct {
	// Text is the key of events, or another hash by which further keys are found.
	Text string
	// Key is whether events are stored under it, and it can be unmerged.
	Key bool
	// Home is the issue that had it before a merge.
	Home   int64
	Reason string
	Added  time.Time
	// First and Last are the times of its events, zero without any.
	First, Last time.Time
}

// Link is another issue of the same failure.
type Link struct {
	Issue  int64
	Title  string
	Reason string
}

// deployBefore is how long before an issue the deploy lies that may have brought it.
const deployBefore = 7 * 24 * time.Hour

// Get returns an issue; of one that was merged, the issue that it is part of now.
// The error wraps ErrNoIssue if there is none.
func (t *Tracker) Get(ctx context.Context, id int64) (Detail, error) {
	i, err := t.live(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Issue: i.Issue}
	if i.State == Snoozed {
		snooze := i.snooze
		snooze.Surge = snooze.rate > 0
		d.Snooze = &snooze
	}
	var explanation string
	if err := t.DB.QueryRowContext(ctx, "SELECT explanation FROM issues WHERE id = ?", i.ID).Scan(&explanation); err != nil {
		return d, fmt.Errorf("read issue %d: %w", id, err)
	}
	d.Explanation = json.RawMessage(explanation)
	if d.Hashes, err = t.hashes(ctx, i.ID); err != nil {
		return d, err
	}
	if d.Links, err = t.links(ctx, i.ID); err != nil {
		return d, err
	}
	d.Evidence, err = t.readEvidence(ctx, "WHERE hash IN (SELECT hash FROM issue_hashes WHERE issue = ?) ORDER BY time LIMIT 100", i.ID)
	if err != nil {
		return d, err
	}
	if d.Newest, err = t.newest(ctx, &i, d.Evidence); err != nil || d.FirstSeen.IsZero() {
		return d, err
	}
	began := d.began()
	d.Deploy, err = lastDeploy(ctx, t.DB, d.Service, d.Env, began.Add(-deployBefore).UnixNano(), began.UnixNano())
	return d, err
}

// newest returns where the newest event of an issue is, of those that are stored
// and of the evidence, which is in the order of time.
func (t *Tracker) newest(ctx context.Context, i *issue, evidence []Evidence) (*issues.Position, error) {
	var newest *issues.Position
	if len(evidence) > 0 {
		last := evidence[len(evidence)-1]
		newest = &issues.Position{Time: last.Time.UnixNano(), ID: last.ID}
	}
	// A clock that is ahead dates lines into the future.
	span := issues.Span{From: time.Unix(0, 0), To: t.Now().AddDate(1, 0, 0)}
	stored, err := t.Events.Events(ctx, issues.EventQuery{Keys: i.keyList(), Span: span, Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("read the newest event of issue %d: %w", i.ID, err)
	}
	if len(stored) > 0 && (newest == nil || stored[0].Position().Compare(*newest) > 0) {
		position := stored[0].Position()
		newest = &position
	}
	return newest, nil
}

// Issue returns what lists show of an issue; of one that was merged, the issue
// that it is part of now. The error wraps ErrNoIssue if there is none.
func (t *Tracker) Issue(ctx context.Context, id int64) (Issue, error) {
	i, err := t.live(ctx, id)
	return i.Issue, err
}

// live returns a copy of an issue, following merges.
func (t *Tracker) live(ctx context.Context, id int64) (issue, error) {
	for range maxBulk {
		t.mu.RLock()
		i, ok := t.issues[id]
		var copied issue
		if ok {
			copied = *i
			copied.keys = slices.Clone(i.keys)
		}
		t.mu.RUnlock()
		if !ok {
			break
		}
		if !copied.merged {
			return copied, nil
		}
		err := t.DB.QueryRowContext(ctx, "SELECT coalesce(merged_into, id) FROM issues WHERE id = ?", id).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return issue{}, fmt.Errorf("read issue %d: %w", id, err)
		}
	}
	return issue{}, fmt.Errorf("issue %d: %w", id, ErrNoIssue)
}

func (t *Tracker) hashes(ctx context.Context, id int64) ([]Hash, error) {
	var list []Hash
	err := each(ctx, t.DB, "SELECT hash, home, reason, added_at, first, last FROM issue_hashes WHERE issue = ? ORDER BY added_at, hash", func(scan scanner) error {
		var h Hash
		var added, first, last int64
		err := scan(&h.Text, &h.Home, &h.Reason, &added, &first, &last)
		h.Key = keyOf(h.Text) != 0
		h.Added, h.First, h.Last = timeOf(added), timeOf(first), timeOf(last)
		list = append(list, h)
		return err
	}, id)
	if err != nil {
		return nil, fmt.Errorf("read the hashes of issue %d: %w", id, err)
	}
	return list, nil
}

func (t *Tracker) links(ctx context.Context, id int64) ([]Link, error) {
	var list []Link
	err := each(ctx, t.DB, "SELECT CASE a WHEN ? THEN b ELSE a END, reason FROM issue_links WHERE a = ? OR b = ? ORDER BY 1", func(scan scanner) error {
		var l Link
		err := scan(&l.Issue, &l.Reason)
		list = append(list, l)
		return err
	}, id, id, id)
	if err != nil {
		return nil, fmt.Errorf("read the links of issue %d: %w", id, err)
	}
	known := list[:0]
	for _, l := range list {
		other, err := t.live(ctx, l.Issue)
		if err != nil && !errors.Is(err, ErrNoIssue) {
			return nil, err
		}
		if err == nil && other.ID != id {
			known = append(known, Link{Issue: other.ID, Title: other.Title, Reason: l.Reason})
		}
	}
	return known, nil
}

// EventsOf returns a page of the events of an issue; q.Keys is not read.
func (t *Tracker) EventsOf(ctx context.Context, id int64, q issues.EventQuery) ([]issues.Event, error) {
	i, err := t.live(ctx, id)
	if err != nil {
		return nil, err
	}
	q.Keys = i.keyList()
	return t.Events.Events(ctx, q)
}

// TagsOf returns the values of the tags of an issue; q.Keys is not read.
func (t *Tracker) TagsOf(ctx context.Context, id int64, q issues.TagQuery) ([]issues.Tag, error) {
	i, err := t.live(ctx, id)
	if err != nil {
		return nil, err
	}
	q.Keys = i.keyList()
	return t.Events.Tags(ctx, q)
}

// UsersOf returns whom the events of issues are about, by issue; those without
// any are absent.
func (t *Tracker) UsersOf(ctx context.Context, ids []int64, span issues.Span, filter issues.Filter) (map[int64]issues.Users, error) {
	issueOf := map[issues.Key]int64{}
	for _, id := range ids {
		for _, key := range t.keysOf(id) {
			issueOf[key] = id
		}
	}
	found, err := t.Events.Users(ctx, slices.Collect(maps.Keys(issueOf)), span, filter)
	if err != nil {
		return nil, fmt.Errorf("count the users of %d issues: %w", len(ids), err)
	}
	out := map[int64]issues.Users{}
	for key, users := range found {
		sum, ok := out[issueOf[key]]
		if !ok {
			out[issueOf[key]] = users
			continue
		}
		maps.Copy(sum.Names, users.Names)
		sum.Sampled = sum.Sampled || users.Sampled
		out[issueOf[key]] = sum
	}
	return out, nil
}

// Happened returns which issues have events in a span, to the nanosecond and not
// in its whole hours.
func (t *Tracker) Happened(ctx context.Context, ids []int64, span issues.Span, filter issues.Filter) (map[int64]bool, error) {
	query := issues.SeriesQuery{Span: span, Step: span.To.Sub(span.From), Filter: filter}
	issueOf := map[issues.Key]int64{}
	for _, id := range ids {
		for _, key := range t.keysOf(id) {
			issueOf[key] = id
			query.Keys = append(query.Keys, key)
		}
	}
	series, err := t.Events.Series(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("look which of %d issues happened: %w", len(ids), err)
	}
	happened := map[int64]bool{}
	for key := range series {
		happened[issueOf[key]] = true
	}
	return happened, nil
}

// SeriesOf counts the events of an issue over time; q.Keys is not read.
func (t *Tracker) SeriesOf(ctx context.Context, id int64, q issues.SeriesQuery) ([]int64, error) {
	steps, err := q.Steps()
	if err != nil {
		return nil, err
	}
	i, err := t.live(ctx, id)
	if err != nil {
		return nil, err
	}
	q.Keys = i.keyList()
	series, err := t.Events.Series(ctx, q)
	sum := make([]int64, steps)
	for _, counts := range series {
		sum = addCounts(sum, counts)
	}
	return sum, err
}
