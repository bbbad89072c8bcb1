package life

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// Wanted is a value that an issue has to have, or must not have.
type Wanted struct {
	Value string
	Not   bool
}

// WantedTag is a value of a tag that an issue has to have, or must not have, on
// one of the days of the span.
type WantedTag struct {
	Name string
	Wanted
}

// selection is what a query asks of issues themselves, with what was read for it.
type selection struct {
	*ListQuery
	text string
	// found are the keys that fit the text, nil without one.
	found map[issues.Key]bool
	// all are sets of keys: an issue has a key of each of them, and none of those
	// of none.
	all  []map[issues.Key]bool
	none map[issues.Key]bool
	// deploys are all there are, the oldest first; nil if they are not asked for.
	deploys []Deploy
}

// selection reads what a query needs.
func (t *Tracker) selection(ctx context.Context, q *ListQuery) (*selection, error) {
	s := &selection{ListQuery: q, text: strings.ToLower(strings.TrimSpace(q.Text)), none: map[issues.Key]bool{}}
	var err error
	if s.found, err = t.search(ctx, q.Text); err != nil {
		return nil, err
	}
	if err := s.readTags(ctx, t.Events); err != nil {
		return nil, err
	}
	for _, function := range q.Functions {
		keys, err := t.Events.Calling(ctx, function.Value)
		if err != nil {
			return nil, fmt.Errorf("list the issues that call %.100q: %w", function.Value, err)
		}
		if s.want(keys, function.Not) {
			s.all = append(s.all, setOf(keys))
		}
	}
	if len(q.Deploys) > 0 {
		if s.deploys, err = t.allDeploys(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// readTags reads the keys of tags. The values of one tag are alternatives.
func (s *selection) readTags(ctx context.Context, events issues.Reader) error {
	byName := map[string]map[issues.Key]bool{}
	for _, tag := range s.Tags {
		keys, err := events.Tagged(ctx, s.Span, tag.Name, issues.ShownTag(tag.Name, tag.Value))
		if err != nil {
			return fmt.Errorf("list the issues with the tag %.100s: %w", tag.Name, err)
		}
		if !s.want(keys, tag.Not) {
			continue
		}
		if byName[tag.Name] == nil {
			byName[tag.Name] = map[issues.Key]bool{}
			s.all = append(s.all, byName[tag.Name])
		}
		for _, key := range keys {
			byName[tag.Name][key] = true
		}
	}
	return nil
}

// want enters keys that are not wanted, and reports whether they are.
func (s *selection) want(keys []issues.Key, not bool) bool {
	if not {
		for _, key := range keys {
			s.none[key] = true
		}
	}
	return !not
}

func setOf(keys []issues.Key) map[issues.Key]bool {
	set := make(map[issues.Key]bool, len(keys))
	for _, key := range keys {
		set[key] = true
	}
	return set
}

// fits reports whether an issue is selected whatever its state.
func (s *selection) fits(i *issue) bool {
	if len(s.Assignees) > 0 && !slices.Contains(s.Assignees, i.Assignee) {
		return false
	}
	if s.found != nil && !strings.Contains(strings.ToLower(i.Title), s.text) && !i.hasKey(s.found) {
		return false
	}
	for _, set := range s.all {
		if !i.hasKey(set) {
			return false
		}
	}
	return (len(s.none) == 0 || !i.hasKey(s.none)) && (len(s.Deploys) == 0 || s.cameWith(i))
}

// hasState reports whether an issue is in one of the states.
func (s *selection) hasState(i *issue) bool {
	return len(s.States) == 0 || slices.Contains(s.States, i.State)
}

// hasKey reports whether one of the issue's keys is in a set.
func (i *issue) hasKey(set map[issues.Key]bool) bool {
	return slices.ContainsFunc(i.keys, func(h *hash) bool { return set[h.key] })
}

// cameWith reports whether the deploy that may have brought an issue is one that is
// wanted.
func (s *selection) cameWith(i *issue) bool {
	version, asked, wanted := s.versionBefore(i), false, false
	for _, deploy := range s.ListQuery.Deploys {
		if deploy.Not {
			if deploy.Value == version {
				return false
			}
			continue
		}
		asked, wanted = true, wanted || deploy.Value == version
	}
	return !asked || wanted
}

// versionBefore returns the version of the deploy that Get names for an issue, ""
// without one.
func (s *selection) versionBefore(i *issue) string {
	began := i.began()
	at := sort.Search(len(s.deploys), func(n int) bool { return s.deploys[n].At.After(began) })
	for _, d := range slices.Backward(s.deploys[:at]) {
		if began.Sub(d.At) >= deployBefore {
			return ""
		}
		if (d.Service == "" || d.Service == i.Service) && (d.Env == "" || d.Env == i.Env) {
			return d.Version
		}
	}
	return ""
}

// began is when the issue came: when it was first seen, or when it came back.
func (i *Issue) began() time.Time {
	if i.State == Regressed {
		return i.Since
	}
	return i.FirstSeen
}

// allDeploys returns all deploys, the oldest first.
func (t *Tracker) allDeploys(ctx context.Context) ([]Deploy, error) {
	list := []Deploy{}
	err := each(ctx, t.DB, deployColumns+"ORDER BY at, id", func(scan scanner) error {
		d, err := scanDeploy(scan)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read deploys: %w", err)
	}
	return list, nil
}

// Fits reports whether List would list an issue. The error wraps ErrNoIssue if
// there is none.
func (t *Tracker) Fits(ctx context.Context, id int64, q ListQuery) (bool, error) {
	i, err := t.live(ctx, id)
	if err != nil {
		return false, err
	}
	s, err := t.selection(ctx, &q)
	if err != nil || !s.fits(&i) || !s.hasState(&i) {
		return false, err
	}
	from, to := q.Span.From.Truncate(time.Hour), q.Span.To.Add(time.Hour-1).Truncate(time.Hour)
	series, err := t.Events.Series(ctx, issues.SeriesQuery{Keys: i.keyList(), Span: issues.Span{From: from, To: to}, Step: to.Sub(from), Filter: q.Filter})
	if err != nil {
		return false, fmt.Errorf("count the events of issue %d: %w", id, err)
	}
	return len(series) > 0, nil
}
