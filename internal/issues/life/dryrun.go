package life

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// Effect is what other rules of grouping would do to the stored events.
type Effect struct {
	// Events is how many were grouped again, Fit how many of them a rule fits.
	Events, Fit int64
	// Merges are the groups of rules that events of several issues would have.
	Merges []RuleGroup
	// Splits are the issues of which only some events have the group of a rule, or
	// several groups of rules.
	Splits []Split
}

// RuleGroup is one group that a rule gives.
type RuleGroup struct {
	Rule, Title string
	Key         issues.Key
	// Issues are its events by present issue.
	Issues map[int64]int64
}

// Split is an issue whose events would have several groups.
type Split struct {
	Issue int64
	Title string
	// Groups are its events by key of a rule; 0 stands for those that no rule fits.
	Groups map[issues.Key]int64
}

const (
	// dryRunPage is how many events are grouped at once.
	dryRunPage = 2000
	// dryRunGroups bounds how many groups of rules are told apart.
	dryRunGroups = 10_000
)

// DryRun groups the stored events of a span by other rules and says which issues
// would be merged and split. It changes nothing. Of long entries the store has
// the beginning alone.
func (t *Tracker) DryRun(ctx context.Context, rules grouping.Rules, span issues.Span) (Effect, error) {
	run := dryRun{grouper: grouping.New(rules), groups: map[issues.Key]*RuleGroup{}, splits: map[int64]*Split{}}
	q := issues.EventQuery{Span: span, Ascending: true, Limit: dryRunPage}
	for {
		events, err := t.Events.Events(ctx, q)
		if err != nil {
			return Effect{}, fmt.Errorf("try rules on stored events: %w", err)
		}
		for i := range events {
			if shown, ok := t.issueOf(events[i].Key); ok {
				if err := run.add(&events[i], shown); err != nil {
					return Effect{}, err
				}
			}
		}
		if len(events) < dryRunPage {
			return run.result(), nil
		}
		last := events[len(events)-1].Position()
		q.After = &last
	}
}

// issueOf returns the issue of a key.
func (t *Tracker) issueOf(key issues.Key) (Issue, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	h, ok := t.keys[key]
	if !ok {
		return Issue{}, false
	}
	return h.issue.Issue, true
}

// dryRun gathers an Effect.
type dryRun struct {
	grouper *grouping.Grouper
	grouped grouping.Result
	effect  Effect
	groups  map[issues.Key]*RuleGroup
	splits  map[int64]*Split
}

func (d *dryRun) add(e *issues.Event, of Issue) error {
	r := &d.grouped
	d.grouper.Group(grouping.Event{Text: []byte(cmp.Or(e.Text, e.Message)), Level: level.Parse(e.Level), Service: e.Service}, r)
	d.effect.Events++
	split := d.splits[of.ID]
	if split == nil {
		split = &Split{Issue: of.ID, Title: of.Title, Groups: map[issues.Key]int64{}}
		d.splits[of.ID] = split
	}
	if r.Rule == "" {
		split.Groups[0]++
		return nil
	}
	d.effect.Fit++
	group := d.groups[r.Key]
	if group == nil {
		if len(d.groups) >= dryRunGroups {
			return fmt.Errorf("%w: the rules make more than %d groups; %q has too much in its fingerprint", ErrAction, dryRunGroups, r.Rule)
		}
		group = &RuleGroup{Rule: r.Rule, Title: short(r.Title()), Key: r.Key, Issues: map[int64]int64{}}
		d.groups[r.Key] = group
	}
	group.Issues[of.ID]++
	split.Groups[r.Key]++
	return nil
}

// result returns the effect, the groups and issues with most first.
func (d *dryRun) result() Effect {
	for _, key := range slices.Sorted(maps.Keys(d.groups)) {
		if group := d.groups[key]; len(group.Issues) > 1 {
			d.effect.Merges = append(d.effect.Merges, *group)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.splits)) {
		if split := d.splits[id]; len(split.Groups) > 1 {
			d.effect.Splits = append(d.effect.Splits, *split)
		}
	}
	slices.SortStableFunc(d.effect.Merges, func(a, b RuleGroup) int { return cmp.Compare(len(b.Issues), len(a.Issues)) })
	slices.SortStableFunc(d.effect.Splits, func(a, b Split) int { return cmp.Compare(len(b.Groups), len(a.Groups)) })
	return d.effect
}
